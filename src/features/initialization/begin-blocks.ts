import { type Tensor, type Tensor4D, tensor, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type AnyLayer, layerCalls, weightOf } from '../../models/layer-graph.js';
import type { RandomGenerator } from '../../random/index.js';
import { directionFilters } from './direction-filters.js';
import { planBlocks } from './residual-blocks.js';
import { walkLayers } from './walk-layers.js';

/** A kernel whose middle passes every channel on. */
function passingKernel(shape: readonly number[]): Float32Array {
  const [height, width, channels] = shape as [number, number, number];
  const kernel = new Float32Array(height * width * channels * channels);
  const middle = (((height - 1) / 2) * width + (width - 1) / 2) * channels * channels;
  for (let channel = 0; channel < channels; channel++) kernel[middle + channel * channels + channel] = 1;
  return kernel;
}

function write(layer: AnyLayer, role: string, make: () => Tensor): void {
  const value = make();
  weightOf(layer, role)!.write(value);
  value.dispose();
}

/**
 * Begins the residual blocks of an encoder with what the pictures show: see `blocks` of `InitializeFromImagesOptions`.
 *
 * @param images - As the encoder takes them. Not disposed.
 * @returns Names of the convolutions that have new filters.
 */
export async function beginBlocks(
  caller: string,
  encoder: LayersModel,
  images: Tensor4D,
  random: RandomGenerator,
): Promise<string[]> {
  const calls = layerCalls(caller, encoder);
  const { whitened, passing, silent } = planBlocks(calls);
  for (const layer of silent) {
    const { shape } = weightOf(layer, 'gamma')!;
    write(layer, 'gamma', () => zeros(shape as number[]));
  }
  for (const layer of passing) {
    const { shape } = weightOf(layer, 'kernel')!;
    write(layer, 'kernel', () => tensor(passingKernel(shape as number[]), shape as number[]));
  }
  const names: string[] = [];
  await walkLayers(
    calls,
    images,
    async ({ layer }, [x]) => {
      if (!whitened.delete(layer)) return; // not of this kind, or called before
      const { shape } = weightOf(layer, 'kernel')!;
      const kernel = await directionFilters(layer, x as Tensor4D, random.fold(names.length));
      if (kernel.every((value) => value === 0)) return; // nothing varies here
      write(layer, 'kernel', () => tensor(kernel, shape as number[]));
      names.push(layer.name);
    },
    'ofPictures',
  );
  return names;
}
