import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { constants, type Fields, kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, isEmpty, makeOutput } from '../module/tensor-address.js';

const { blockRows, combinedChannels } = constants['batch-normalization'];

/** Defaults of the addresses that not every kernel uses. */
const noAddresses = {
  residual: 0,
  output: 0,
  gradient: 0,
  activated: 0,
  xGradient: 0,
  residualGradient: 0,
  gamma: 0,
  beta: 0,
  gammaGradient: 0,
  betaGradient: 0,
};

/** Addresses in a `BatchNormalization` structure. */
type Addresses = Pick<Fields<'BatchNormalization'>, 'x' | 'mean' | 'variance'> & Partial<typeof noAddresses>;

interface Sizes {
  groups: number;
  rows: number;
  channels: number;
  blocks: number;
}

/** Attributes of the kernels: see src/tensors/fused-rows.ts. */
interface RowAttributes {
  relu?: boolean;
  ceiling?: number;
  epsilon?: number;
}

function sizesOf(x: TensorInfo, groups: number): Sizes {
  const channels = x.shape.at(-1)!;
  const rows = isEmpty(x) ? 0 : util.sizeFromShape(x.shape) / (channels * groups);
  return { groups, rows, channels, blocks: groups * Math.ceil(rows / blockRows) };
}

function structure(
  addresses: Addresses,
  { groups, rows, channels, blocks }: Sizes,
  { relu = false, ceiling = Number.POSITIVE_INFINITY, epsilon = 0 }: RowAttributes,
) {
  const module = kernelModule();
  const partials = module.block('rowPartials', blocks * 2 * channels * 4);
  const factors = module.block('rowFactors', groups * 4 * channels * 4);
  return module.structure('BatchNormalization', {
    ...noAddresses,
    ...addresses,
    partials,
    factors,
    groups,
    rows,
    channels,
    relu: relu ? 1 : 0,
    ceiling,
    epsilon,
  });
}

function addressOrZero(tensor: TensorInfo | undefined): number {
  return tensor === undefined ? 0 : addressOf(tensor);
}

/** SimCLRRowMoments: see src/tensors/fused-rows.ts. */
export const rowMoments: KernelFunc = ({ inputs, attrs }) => {
  const { x } = inputs as { x: TensorInfo };
  const { groups } = attrs as unknown as { groups: number };
  const sizes = sizesOf(x, groups);
  const [mean, variance] = [0, 1].map(() => makeOutput([groups, sizes.channels])) as [TensorInfo, TensorInfo];
  const addresses = { x: addressOf(x), mean: addressOf(mean), variance: addressOf(variance) };
  const work = structure(addresses, sizes, {});
  const module = kernelModule();
  module.dispatch(kinds.blockMoments, work, sizes.blocks);
  module.dispatch(kinds.combineMoments, work, Math.ceil(sizes.channels / combinedChannels));
  return [mean, variance];
};

/** SimCLRNormalizeRows. */
export const normalizeRows: KernelFunc = ({ inputs, attrs }) => {
  const { x, mean, variance, gamma, beta, residual } = inputs as Record<string, TensorInfo>;
  const { groups, ...attributes } = attrs as unknown as RowAttributes & { groups: number };
  const sizes = sizesOf(x!, groups);
  const output = makeOutput(x!.shape);
  const work = structure(
    {
      x: addressOf(x!),
      residual: addressOrZero(residual),
      output: addressOf(output),
      mean: addressOf(mean!),
      variance: addressOf(variance!),
      gamma: addressOrZero(gamma),
      beta: addressOrZero(beta),
    },
    sizes,
    attributes,
  );
  const module = kernelModule();
  module.dispatch(kinds.outputFactors, work, groups);
  module.dispatch(kinds.normalizeBlocks, work, sizes.blocks);
  return output;
};

/** SimCLRNormalizeRowsGradient. */
export const normalizeRowsGradient: KernelFunc = ({ inputs, attrs }) => {
  const { dy, x, mean, variance, gamma, output } = inputs as Record<string, TensorInfo>;
  const { groups, residual, ...attributes } = attrs as unknown as RowAttributes & {
    groups: number;
    residual: boolean;
  };
  const sizes = sizesOf(x!, groups);
  const xGradient = makeOutput(x!.shape);
  const gammaGradient = makeOutput([sizes.channels]);
  const betaGradient = makeOutput([sizes.channels]);
  const residualGradient = residual ? makeOutput(x!.shape) : undefined;
  const work = structure(
    {
      x: addressOf(x!),
      gradient: addressOf(dy!),
      activated: addressOrZero(output),
      xGradient: addressOf(xGradient),
      residualGradient: addressOrZero(residualGradient),
      mean: addressOf(mean!),
      variance: addressOf(variance!),
      gamma: addressOrZero(gamma),
      gammaGradient: addressOf(gammaGradient),
      betaGradient: addressOf(betaGradient),
    },
    sizes,
    attributes,
  );
  const module = kernelModule();
  module.dispatch(kinds.blockGradients, work, sizes.blocks);
  module.dispatch(kinds.combineGradients, work, Math.ceil(sizes.channels / combinedChannels));
  module.dispatch(kinds.inputGradients, work, sizes.blocks);
  return [xGradient, gammaGradient, betaGradient, ...(residualGradient ? [residualGradient] : [])];
};

/** SimCLRMoveStatistics. */
export const moveStatistics: KernelFunc = ({ inputs, attrs }) => {
  const { mean, variance, batchMean, batchVariance } = inputs as Record<string, TensorInfo>;
  const { momentum, meanShare, varianceShare } = attrs as unknown as Record<string, number>;
  const [groups, channels] = batchMean!.shape as [number, number];
  const [newMean, newVariance] = [0, 1].map(() => makeOutput([channels])) as [TensorInfo, TensorInfo];
  const module = kernelModule();
  const work = module.structure('RunningStatistics', {
    mean: addressOf(mean!),
    variance: addressOf(variance!),
    batchMean: addressOf(batchMean!),
    batchVariance: addressOf(batchVariance!),
    newMean: addressOf(newMean),
    newVariance: addressOf(newVariance),
    groups,
    channels,
    momentum: momentum!,
    meanShare: meanShare!,
    varianceShare: varianceShare!,
  });
  module.dispatch(kinds.moveStatistics, work, 1);
  return [newMean, newVariance];
};
