import { abs, backend, env, getBackend, tensor1d, tidy, Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** What graphics backends say of themselves. */
interface GraphicsBackend {
  device?: { limits?: { maxStorageBufferBindingSize?: number } };
}

/** Smaller than any 16-bit float, and an everyday 32-bit one. */
const small = 1e-8;

/**
 * Half-precision textures, of some phones: their smallest number is larger than Adam's epsilon and most updates. It is
 * tested by computing, because tfjs's WebGL backend answers 16 to `floatPrecision()` even where its textures have 32 bits.
 */
export async function halfPrecision(): Promise<string | undefined> {
  // More values than tfjs computes on the processor instead.
  const result = tidy(() => abs(tensor1d(new Float32Array(2048).fill(small))));
  try {
    if ((await result.data())[0]! > 0) return undefined;
  } finally {
    result.dispose();
  }
  return "computes with 16-bit floats (float16 textures), in which the weights' updates are lost";
}

/** Two copies of tfjs-core, as two versions in one node_modules: each has its own classes and handlers. */
export function twoCores(models: readonly LayersModel[]): string | undefined {
  for (const { weights } of models) {
    for (const weight of weights) {
      // Compare classes: tfjs lets `instanceof` accept those of the other copy.
      if (weight.read().constructor === Variable) continue;
      return 'the models were made with another copy of @tensorflow/tfjs-core than the one that simclr-ts uses: keep one copy (`npm ls @tensorflow/tfjs-core` shows them; `npm dedupe`, or the same version for all packages)';
    }
  }
  return undefined;
}

/** A layer whose output does not fit into one texture or buffer of the active backend. */
export function tooLarge(encoder: LayersModel, images: number): string | undefined {
  const limit = largestTensor();
  for (const { name, outputShape } of encoder.layers) {
    for (const shape of [outputShape] as unknown as (number | null)[][]) {
      const sizes = Array.isArray(shape) ? shape.slice(1) : [];
      const size = sizes.reduce<number>((product, axis) => product * (axis ?? 1), images);
      if (size > limit.values) {
        return `the output of the layer ${name} for ${images} pictures at a time, ${size} values, is larger than ${limit.what} of this machine (${limit.values} values): lower microBatchSize or batchSize`;
      }
    }
  }
  return undefined;
}

function largestTensor(): { values: number; what: string } {
  const binding = (backend() as GraphicsBackend).device?.limits?.maxStorageBufferBindingSize;
  if (binding !== undefined) return { values: Math.floor(binding / 4), what: 'the largest buffer' };
  if (getBackend().startsWith('webgl')) {
    // Four values per pixel: the trainer's large tensors are packed.
    return { values: 4 * env().getNumber('WEBGL_MAX_TEXTURE_SIZE') ** 2, what: 'the largest texture' };
  }
  return { values: Number.POSITIVE_INFINITY, what: '' };
}
