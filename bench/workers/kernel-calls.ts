import {
  conv2d,
  depthwiseConv2d,
  engine,
  matMul,
  maxPool,
  type NamedAttrMap,
  type Optimizer,
  randomNormal,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
  type Variable,
  variable,
} from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import {
  type Convolution,
  convolutionOf,
  depthwiseInput,
  matrixProduct,
  normalizationInput,
  poolInput,
  updatedShapes,
} from '../kernel-shapes.js';
import type { KernelWork } from '../work.js';

type Layer = InstanceType<typeof layers.Layer>;

/** The parts that differ between the sides. */
export interface Parts {
  /** Layers that together are batch normalization and ReLU. */
  normalization(): Layer[];
  /** SGD with momentum. */
  optimizer(): Optimizer;
}

/** One kernel of the active backend on random numbers, at the shapes of `kernel-shapes.ts`. */
export function prepareKernel({ kernel, images }: KernelWork, parts: Parts): () => undefined {
  const call = callOf({ kernel, images }, parts);
  return () => {
    // A returned tensor would survive, and each call would wait for memory that was never touched before.
    tidy(() => void call());
    return undefined;
  };
}

function callOf({ kernel, images }: Omit<KernelWork, 'kind'>, parts: Parts): () => void {
  const convolution = convolutionOf(kernel);
  if (convolution) return convolutionCall(convolution, images);
  if (kernel === 'depthwise-3x3') return depthwiseCall(images);
  if (kernel === 'max-pool-gradient') return poolGradientCall(images);
  if (kernel === 'matmul-transposed') {
    const a: Tensor2D = randomNormal([images, matrixProduct.inner]);
    const b: Tensor2D = randomNormal([images, matrixProduct.columns]);
    return () => matMul(a, b, true, false);
  }
  if (kernel === 'batch-normalization') return normalizationCall(images, parts.normalization());
  return updateCall(parts.optimizer());
}

function convolutionCall(convolution: Convolution, images: number): () => void {
  const { size, inputs, outputs, kernelSize, stride, product } = convolution;
  const outputSize = Math.ceil(size / stride);
  const x: Tensor4D = randomNormal([images, size, size, inputs]);
  const filter: Tensor4D = randomNormal([kernelSize, kernelSize, inputs, outputs]);
  const dy: Tensor4D = randomNormal([images, outputSize, outputSize, outputs]);
  const attributes = { strides: [stride, stride], pad: 'same', dataFormat: 'NHWC' };
  if (product === 'forward') return () => conv2d(x, filter, stride, 'same');
  if (product === 'inputGradient') {
    return () => run('Conv2DBackpropInput', { dy, filter }, { ...attributes, inputShape: x.shape });
  }
  return () => run('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape: filter.shape });
}

function depthwiseCall(images: number): () => void {
  const { size, channels } = depthwiseInput;
  const x: Tensor4D = randomNormal([images, size, size, channels]);
  const filter: Tensor4D = randomNormal([3, 3, channels, 1]);
  return () => depthwiseConv2d(x, filter, 1, 'same');
}

function poolGradientCall(images: number): () => void {
  const { size, channels } = poolInput;
  const input: Tensor4D = randomNormal([images, size, size, channels]);
  const output = maxPool(input, 3, 2, 'same');
  const dy = randomNormal(output.shape);
  return () =>
    run('MaxPoolGrad', { dy, input, output }, { filterSize: [3, 3], strides: [2, 2], pad: 'same' });
}

function normalizationCall(images: number, layers: Layer[]): () => void {
  const { size, channels } = normalizationInput;
  const x = randomNormal([images, size, size, channels]);
  const dy = randomNormal(x.shape);
  const forward = () => {
    let y: Tensor = x;
    for (const layer of layers) y = layer.apply(y, { training: true }) as Tensor;
    return y;
  };
  tidy(() => void forward()); // makes the weights
  const weights = layers.flatMap((layer) => layer.trainableWeights.map((weight) => weight.read()));
  return () => {
    engine().gradients(forward, [x, ...weights], dy);
  };
}

function updateCall(optimizer: Optimizer): () => void {
  const variables: Variable[] = updatedShapes.map((shape) => variable(randomNormal([...shape])));
  const gradients = Object.fromEntries(
    variables.map(({ name, shape }) => [name, randomNormal(shape, 0, 1e-3)]),
  );
  return () => optimizer.applyGradients(gradients);
}

function run(kernel: string, inputs: Record<string, Tensor>, attributes: object): void {
  engine().runKernel(kernel, inputs, attributes as NamedAttrMap);
}
