/** jax-js on its wasm backend, which has one thread in Node. `SIMCLR_JAX_JS` says where the package is. */
import { pathToFileURL } from 'node:url';
import { type Convolution, convolutionOf, matrixProduct } from '../kernel-shapes.js';
import type { KernelWork } from '../work.js';
import { serve } from '../workers/serve.js';

/** What is used of it: an operation takes over its operands, unless it is given their `ref`. */
interface JaxArray {
  readonly ref: JaxArray;
  mul(other: JaxArray): JaxArray;
  transpose(): JaxArray;
  blockUntilReady(): Promise<JaxArray>;
  dispose(): void;
}

type Compute = (...operands: JaxArray[]) => JaxArray;

interface Jax {
  init(device: 'wasm'): Promise<unknown>;
  defaultDevice(device: 'wasm'): void;
  jit(compute: Compute): Compute;
  grad(compute: Compute): Compute;
  numpy: { matmul: Compute; sum: Compute };
  lax: {
    convGeneralDilated(x: JaxArray, filter: JaxArray, strides: [number, number], padding: 'SAME'): JaxArray;
  };
  random: { key(seed: number): JaxArray; normal(key: JaxArray, shape: number[]): JaxArray };
}

await serve(async (work) => {
  if (work.kind !== 'kernel') throw new Error(`There is no baseline for ${work.kind} in jax-js.`);
  const jax = (await import(pathToFileURL(process.env.SIMCLR_JAX_JS!).href)) as Jax;
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const { compute, operands } = callOf(jax, work);
  const compiled = jax.jit(compute);
  return {
    label: 'jax-js wasm, 1 thread',
    async run() {
      const result = compiled(...operands.map((operand) => operand.ref));
      await result.blockUntilReady();
      result.dispose();
      return undefined;
    },
  };
});

function callOf(jax: Jax, { kernel, images }: KernelWork): { compute: Compute; operands: JaxArray[] } {
  const key = jax.random.key(1);
  const normal = (shape: number[]) => jax.random.normal(key.ref, shape);
  const convolution = convolutionOf(kernel);
  if (convolution) return convolutionCall(jax, convolution, images, normal);
  if (kernel !== 'matmul-transposed') throw new Error(`There is no baseline for ${kernel} in jax-js.`);
  return {
    compute: (a, b) => jax.numpy.matmul(a!.transpose(), b!),
    operands: [normal([images, matrixProduct.inner]), normal([images, matrixProduct.columns])],
  };
}

/** Pictures are `[pictures, channels, height, width]` here, filters `[outputs, inputs, height, width]`. */
function convolutionCall(
  jax: Jax,
  { size, inputs, outputs, kernelSize, stride, product }: Convolution,
  images: number,
  normal: (shape: number[]) => JaxArray,
): { compute: Compute; operands: JaxArray[] } {
  const outputSize = Math.ceil(size / stride);
  const x = normal([images, inputs, size, size]);
  const filter = normal([outputs, inputs, kernelSize, kernelSize]);
  const convolve: Compute = (pictures, weights) =>
    jax.lax.convGeneralDilated(pictures!, weights!, [stride, stride], 'SAME');
  if (product === 'forward') return { compute: convolve, operands: [x, filter] };
  const dy = normal([images, outputs, outputSize, outputSize]);
  // Linear in what is differentiated, so that the compiler drops the forward product.
  const compute: Compute =
    product === 'inputGradient'
      ? (pictures, weights, gradient) =>
          jax.grad((changed) => jax.numpy.sum(convolve(changed!, weights!).mul(gradient!)))(pictures!)
      : (pictures, weights, gradient) =>
          jax.grad((changed) => jax.numpy.sum(convolve(pictures!, changed!).mul(gradient!)))(weights!);
  return { compute, operands: [x, filter, dy] };
}
