import { getKernel, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { type GraphicsBackend, type KernelCall, runPass, withShape, workgroupSize } from './program.js';

/** Rows that one invocation reads, for one channel. */
const blockRows = 64;

interface Sizes extends Record<string, number> {
  groups: number;
  rows: number;
  channels: number;
  blocks: number;
}

function sizesOf(x: TensorInfo, groups: number): Sizes {
  const channels = x.shape.at(-1)!;
  const size = x.shape.reduce((product, length) => product * length, 1);
  const rows = size / (channels * groups);
  return { groups, rows, channels, blocks: Math.ceil(rows / blockRows) };
}

/** The rows of the block that invocation `index` reads. Neighboring invocations read neighboring channels. */
const blockOfIndex = `
  if (index >= uniforms.threads) { return; }
  let channel = index % uniforms.channels;
  let block = (index / uniforms.channels) % uniforms.blocks;
  let group = index / (uniforms.channels * uniforms.blocks);
  let first = block * ${blockRows};
  let count = min(${blockRows}, uniforms.rows - first);
  var place = (group * uniforms.rows + first) * uniforms.channels + channel;
`;

/** Two sums per block of rows and channel, combined into two sums per group and channel: [2, groups, channels]. */
function twoSums(
  backend: GraphicsBackend,
  key: string,
  sizes: Sizes,
  inputs: Record<string, TensorInfo>,
  blockBody: string,
  combine: { merge: string; finish: string },
): TensorInfo {
  const { groups, channels, blocks, rows } = sizes;
  const perBlock = groups * channels * blocks;
  const partials = runPass(backend, {
    key: `${key}_blocks`,
    inputs,
    length: 2 * perBlock,
    threads: perBlock,
    integers: { rows, channels, blocks },
    body: `${blockOfIndex} ${blockBody}`,
  });
  // One workgroup per group and channel: its invocations divide the blocks among them, then combine in a tree.
  const result = runPass(backend, {
    key: `${key}_combine`,
    inputs: { partials },
    length: 2 * groups * channels,
    threads: groups * channels * workgroupSize,
    integers: { rows, channels, blocks, perBlock, channelGroups: groups * channels },
    declarations: `
      var<workgroup> counts : array<f32, ${workgroupSize}>;
      var<workgroup> firsts : array<f32, ${workgroupSize}>;
      var<workgroup> seconds : array<f32, ${workgroupSize}>;
      fn merge(place : u32, otherCount : f32, otherFirst : f32, otherSecond : f32) {
        let count = counts[place] + otherCount;
        if (otherCount > 0.0) { ${combine.merge} }
        counts[place] = count;
      }`,
    body: `
      let output = index / ${workgroupSize};
      let channel = output % uniforms.channels;
      let group = output / uniforms.channels;
      counts[localId.x] = 0.0;
      firsts[localId.x] = 0.0;
      seconds[localId.x] = 0.0;
      if (output < uniforms.channelGroups) {
        for (var block = i32(localId.x); block < uniforms.blocks; block = block + ${workgroupSize}) {
          let place = (group * uniforms.blocks + block) * uniforms.channels + channel;
          let count = f32(min(${blockRows}, uniforms.rows - block * ${blockRows}));
          merge(localId.x, count, partials[place], partials[place + uniforms.perBlock]);
        }
      }
      workgroupBarrier();
      for (var step = ${workgroupSize / 2}u; step > 0u; step = step >> 1u) {
        if (localId.x < step) {
          let other = localId.x + step;
          merge(localId.x, counts[other], firsts[other], seconds[other]);
        }
        workgroupBarrier();
      }
      if (localId.x == 0u && output < uniforms.channelGroups) {
        result[output] = firsts[0];
        result[output + uniforms.channelGroups] = ${combine.finish};
      }`,
  });
  backend.disposeData(partials.dataId);
  return result;
}

/** SimCLRRowMoments: see src/tensors/fused-rows.ts. */
export const rowMoments: KernelFunc = (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  const { groups } = call.attrs as unknown as { groups: number };
  const backend = call.backend as GraphicsBackend;
  const sizes = sizesOf(x, groups);
  // Sums of deviations from the first value of a block, so that a mean far from zero costs no precision.
  const moments = twoSums(
    backend,
    'moments',
    sizes,
    { x },
    `
    let origin = x[place];
    var total = 0.0;
    var squares = 0.0;
    for (var row = 0; row < count; row = row + 1) {
      let deviation = x[place] - origin;
      total = total + deviation;
      squares = squares + deviation * deviation;
      place = place + uniforms.channels;
    }
    result[index] = origin + total / f32(count);
    result[index + uniforms.threads] = max(squares - total * total / f32(count), 0.0);`,
    {
      // Combines means and sums of squared deviations (Chan, Golub and LeVeque 1983).
      merge: `
        let distance = otherFirst - firsts[place];
        seconds[place] = seconds[place] + otherSecond + distance * distance * counts[place] * otherCount / count;
        firsts[place] = firsts[place] + distance * otherCount / count;`,
      finish: 'seconds[0] / f32(uniforms.rows)',
    },
  );
  return splitInHalves(call, moments, [groups, sizes.channels]);
};

/** Splits a flat tensor into two tensors of `shape`, and disposes it. */
function splitInHalves(call: KernelCall, pair: TensorInfo, shape: number[]): TensorInfo[] {
  const backend = call.backend as GraphicsBackend;
  const length = shape.reduce((product, size) => product * size, 1);
  const { kernelFunc } = getKernel('Slice', 'webgpu')!;
  const halves = [0, length].map((begin) => {
    const part = kernelFunc({ inputs: { x: pair }, backend, attrs: { begin: [begin], size: [length] } });
    return withShape(part as TensorInfo, shape);
  });
  backend.disposeData(pair.dataId);
  return halves;
}

/** Channel, row and index of the statistics of element `index`, which holds one or four numbers. */
const channelOfIndex = `
  if (index >= uniforms.threads) { return; }
  let channel = index % uniforms.channels;
  let row = index / uniforms.channels;
  let statistic = (row / uniforms.rows) * uniforms.channels + channel;
`;

function definedInputs(inputs: Record<string, TensorInfo | undefined>): Record<string, TensorInfo> {
  const given = Object.entries(inputs).filter(
    (entry): entry is [string, TensorInfo] => entry[1] !== undefined,
  );
  return Object.fromEntries(given);
}

/** A pass over all elements of the rows. */
function elementPass(
  backend: GraphicsBackend,
  key: string,
  { groups, channels, rows }: Sizes,
  inputs: Record<string, TensorInfo>,
  epsilon: number,
  body: (zero: string) => string,
): TensorInfo {
  const { shape } = Object.values(inputs)[0]!;
  const length = shape.reduce((product, size) => product * size, 1);
  const components = channels % 4 === 0 ? 4 : 1;
  const result = runPass(backend, {
    key: [key, ...Object.keys(inputs)].join('_'),
    inputs,
    length,
    components,
    threads: length / components,
    integers: { groups, channels: channels / components, rows },
    floats: { epsilon },
    body: `${channelOfIndex} ${body(components === 4 ? 'vec4<f32>(0.0)' : '0.0')}`,
  });
  return withShape(result, shape);
}

/** SimCLRNormalizeRows: see src/tensors/fused-rows.ts. */
export const normalizeRows: KernelFunc = (call) => {
  const { x, mean, variance, gamma, beta, residual } = call.inputs as Record<string, TensorInfo>;
  const { groups, epsilon, relu, ceiling } = call.attrs as unknown as {
    groups: number;
    epsilon: number;
    relu: boolean;
    ceiling: number;
  };
  const inputs = definedInputs({ x, mean, variance, gamma, beta, residual });
  const backend = call.backend as GraphicsBackend;
  return elementPass(
    backend,
    relu ? `normalize_relu${ceiling}` : 'normalize',
    sizesOf(x!, groups),
    inputs,
    epsilon,
    (zero) =>
      [
        'let scale = inverseSqrt(variance[statistic] + uniforms.epsilon)',
        gamma ? ' * gamma[channel]' : '',
        ';\nvar y = (x[index] - mean[statistic]) * scale',
        beta ? ' + beta[channel]' : '',
        residual ? ' + residual[index]' : '',
        relu ? `;\ny = max(y, ${zero})` : '',
        relu && ceiling < Number.POSITIVE_INFINITY ? `;\ny = min(y, ${zero} + ${ceiling})` : '',
        ';\nresult[index] = y;',
      ].join(''),
  );
};

/** SimCLRNormalizeRowsGradient: see src/tensors/fused-rows.ts. */
export const normalizeRowsGradient: KernelFunc = (call) => {
  const { dy, x, mean, variance, gamma, output } = call.inputs as Record<string, TensorInfo>;
  const { groups, epsilon, ceiling, residual } = call.attrs as unknown as {
    groups: number;
    epsilon: number;
    ceiling: number;
    residual: boolean;
  };
  const backend = call.backend as GraphicsBackend;
  const sizes = sizesOf(x!, groups);
  const relu = output !== undefined;
  // Sums of dz and of dz (x - mean), where dz is the gradient before the ReLU.
  const sums = twoSums(
    backend,
    relu ? `gradients_relu${ceiling}` : 'gradients',
    sizes,
    definedInputs({ dy, x, mean, activated: output }),
    `
    let average = mean[group * uniforms.channels + channel];
    var total = 0.0;
    var products = 0.0;
    for (var row = 0; row < count; row = row + 1) {
      let dz = ${relu ? `select(0.0, dy[place], ${isOpen('activated[place]', '0.0', ceiling)})` : 'dy[place]'};
      total = total + dz;
      products = products + dz * (x[place] - average);
      place = place + uniforms.channels;
    }
    result[index] = total;
    result[index + uniforms.threads] = products;`,
    {
      merge: 'firsts[place] = firsts[place] + otherFirst; seconds[place] = seconds[place] + otherSecond;',
      finish: 'seconds[0]',
    },
  );
  const xGradient = inputGradient(
    backend,
    sizes,
    definedInputs({ dy, x, mean, variance, gamma, activated: output, sums }),
    epsilon,
    ceiling,
  );
  const gammaGradient = parameterGradient(backend, sizes, { sums, variance: variance! }, epsilon);
  const betaGradient = parameterGradient(backend, sizes, { sums }, epsilon);
  backend.disposeData(sums.dataId);
  const gradients = [xGradient, gammaGradient, betaGradient];
  if (residual) gradients.push(residualGradient(backend, sizes, dy!, output, ceiling));
  return gradients;
};

/** Whether the ReLU, or the ReLU6, let an output through, as an expression of WGSL. */
function isOpen(output: string, zero: string, ceiling: number): string {
  const positive = `(${output} > ${zero})`;
  return ceiling < Number.POSITIVE_INFINITY ? `(${positive} & (${output} < ${zero} + ${ceiling}))` : positive;
}

/** The gradient before the ReLU, as an expression of WGSL. */
function preActivationGradient(inputs: Record<string, TensorInfo>, zero: string, ceiling: number): string {
  if (!('activated' in inputs)) return 'dy[index]';
  return `select(${zero}, dy[index], ${isOpen('activated[index]', zero, ceiling)})`;
}

/** dx = gamma / deviation * (dz - mean(dz) - (x - mean) / variance * mean(dz (x - mean))). */
function inputGradient(
  backend: GraphicsBackend,
  sizes: Sizes,
  inputs: Record<string, TensorInfo>,
  epsilon: number,
  ceiling: number,
): TensorInfo {
  return elementPass(
    backend,
    `rows_gradient${ceiling}`,
    sizes,
    inputs,
    epsilon,
    (zero) =>
      `
    let count = f32(uniforms.rows);
    let deviation = inverseSqrt(variance[statistic] + uniforms.epsilon);
    let dz = ${preActivationGradient(inputs, zero, ceiling)};
    let total = sums[statistic];
    let products = sums[statistic + uniforms.channels * uniforms.groups];
    let centered = x[index] - mean[statistic];
    let inner = dz - total / count - centered * deviation * deviation * (products / count);
    result[index] = inner * deviation${'gamma' in inputs ? ' * gamma[channel]' : ''};`,
  );
}

/** The gradient of gamma if a variance is given, else that of beta: sums over the groups, `[channels]`. */
function parameterGradient(
  backend: GraphicsBackend,
  { groups, channels }: Sizes,
  inputs: { sums: TensorInfo; variance?: TensorInfo },
  epsilon: number,
): TensorInfo {
  const term = inputs.variance
    ? 'sums[place + uniforms.groups * uniforms.threads] * inverseSqrt(variance[place] + uniforms.epsilon)'
    : 'sums[place]';
  return runPass(backend, {
    key: inputs.variance ? 'gamma_gradient' : 'beta_gradient',
    inputs: inputs as Record<string, TensorInfo>,
    length: channels,
    threads: channels,
    integers: { groups },
    floats: { epsilon },
    body: `
      if (index >= uniforms.threads) { return; }
      var total = 0.0;
      for (var group = 0; group < uniforms.groups; group = group + 1) {
        let place = group * uniforms.threads + index;
        total = total + ${term};
      }
      result[index] = total;`,
  });
}

/** The gradient of the residual: that before the ReLU. */
function residualGradient(
  backend: GraphicsBackend,
  sizes: Sizes,
  dy: TensorInfo,
  activated: TensorInfo | undefined,
  ceiling: number,
): TensorInfo {
  if (activated === undefined) {
    backend.incRef(dy.dataId); // another reference to the same data
    return withShape(dy, dy.shape);
  }
  const inputs = { dy, activated };
  return elementPass(
    backend,
    `residual_gradient${ceiling}`,
    sizes,
    inputs,
    0,
    (zero) => `result[index] = ${preActivationGradient(inputs, zero, ceiling)};`,
  );
}
