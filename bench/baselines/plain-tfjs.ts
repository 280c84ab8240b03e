import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import type { StepWork } from '../work.js';

type Tensors = Layers.SymbolicTensor;

/**
 * The training step as a user would write it in plain TensorFlow.js.
 *
 * @param core - tfjs-core, or a package that holds it.
 * @param layers - tfjs-layers, or a package that holds it.
 * @returns Runs one step and returns its loss.
 */
export function prepareStep(core: typeof Core, layers: typeof Layers, work: StepWork): () => number {
  const { batch, size } = work;
  const model = buildModel(layers, work);
  const optimizer = core.train.momentum(0.1, 0.9);
  const views = core.randomUniform([2 * batch, size, size, 3], 0, 1);
  const step = () => {
    const z = model.apply(views, { training: true }) as Core.Tensor2D;
    return ntXent(core, z, batch);
  };
  return () => {
    const loss = optimizer.minimize(step, true)!;
    const value = loss.dataSync()[0]!;
    loss.dispose();
    return value;
  };
}

function ntXent(core: typeof Core, z: Core.Tensor2D, batch: number): Core.Scalar {
  const { add, concat, div, eye, logSumExp, matMul, mean, mul, slice, sqrt, square, sub, sum } = core;
  const temperature = 0.5;
  const unit = div(z, sqrt(add(sum(square(z), 1, true), 1e-12))) as Core.Tensor2D;
  const similarity = div(matMul(unit, unit, false, true), temperature);
  const others = sub(similarity, mul(eye(2 * batch), 1e9));
  const pairs = sum(mul(slice(unit, [0, 0], [batch, -1]), slice(unit, [batch, 0], [batch, -1])), 1);
  const positives = div(concat([pairs, pairs]), temperature);
  return mean(sub(logSumExp(others, 1), positives));
}

function buildModel({ input, layers, model }: typeof Layers, { size, stem }: StepWork): Layers.LayersModel {
  if (!stem) throw new Error('bench: there is no MobileNet of plain tfjs here.');
  const convolution = (x: Tensors, filters: number, kernelSize: number, strides: number) =>
    layers
      .conv2d({
        filters,
        kernelSize,
        strides,
        padding: 'same',
        useBias: false,
        kernelInitializer: 'heNormal',
      })
      .apply(x) as Tensors;
  const normalization = (x: Tensors) =>
    layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }).apply(x) as Tensors;
  const relu = (x: Tensors) => layers.reLU().apply(x) as Tensors;
  const block = (x: Tensors, filters: number, strides: number) => {
    const inner = relu(normalization(convolution(x, filters, 3, strides)));
    const residual = normalization(convolution(inner, filters, 3, 1));
    const shortcut = strides === 1 ? x : normalization(convolution(x, filters, 1, strides));
    return relu(layers.add().apply([residual, shortcut]) as Tensors);
  };

  const pictures = input({ shape: [size, size, 3] });
  let x = relu(normalization(convolution(pictures, 64, stem.kernelSize, stem.strides)));
  if (stem.pool) {
    x = layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }).apply(x) as Tensors;
  }
  for (const filters of [64, 128, 256, 512]) {
    x = block(x, filters, filters === 64 ? 1 : 2);
    x = block(x, filters, 1);
  }
  x = layers.globalAveragePooling2d({}).apply(x) as Tensors;
  for (const units of [512, 512]) x = layers.dense({ units, activation: 'relu' }).apply(x) as Tensors;
  return model({ inputs: pictures, outputs: layers.dense({ units: 64 }).apply(x) as Tensors });
}
