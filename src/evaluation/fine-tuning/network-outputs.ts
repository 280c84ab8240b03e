import { type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, normalize } from '../../augmentations/index.js';
import { explainMissingKernel } from '../../backend/missing-kernel.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { checkImages } from '../../data/image-dataset.js';
import { sliceImages } from '../../data/image-rows.js';
import { checkImageValues, type ImageArrayLike } from '../../data/index.js';
import { checkInteger } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import type { EmbedOptions } from '../../training/index.js';

/** Options of {@link networkOutputs}. */
export interface NetworkOutputsOptions extends EmbedOptions {
  /** Applied to the outputs on the device. */
  after?: (outputs: Tensor2D) => Tensor2D;
  /** Called before each pass, to throw where the network is no longer there. */
  beforePass?: () => void;
}

/** What a network makes of pictures in inference mode, pass by pass, in host memory. */
export async function networkOutputs(
  caller: string,
  network: LayersModel,
  normalization: NormalizeOptions | null,
  images: Tensor4D | ImageArrayLike,
  options: NetworkOutputsOptions = {},
): Promise<{ data: Float32Array; shape: [number, number] }> {
  const { batchSize = 64, onProgress, after = (outputs) => outputs, beforePass } = options;
  checkInteger(caller, 'batchSize', batchSize);
  checkImages(caller, 'images', images);
  const expected = network.inputs[0]!.shape.slice(1);
  const total = images.shape[0];
  if (total < 1 || expected.some((size, axis) => size !== images.shape[axis + 1])) {
    throw new ShapeError(
      `${caller}: images must have the encoder's input shape [N, ${expected}], N >= 1. Received: images=[${images.shape}].`,
    );
  }
  const dim = network.outputs[0]!.shape[1]!;
  const data = new Float32Array(total * dim);
  for (let start = 0; start < total; start += batchSize) {
    const batch = sliceImages(caller, images, start, Math.min(batchSize, total - start));
    let outputs: Tensor2D | undefined;
    try {
      await checkImageValues(caller, 'images', batch);
      beforePass?.();
      outputs = tidy(() => {
        const input = normalization ? normalize(normalization).apply(batch, null) : batch;
        return after(network.apply(input, { training: false }) as Tensor2D);
      });
      data.set(await outputs.data<'float32'>(), start * dim);
    } catch (error) {
      throw explainMissingKernel(error);
    } finally {
      batch.dispose();
      outputs?.dispose();
    }
    onProgress?.(Math.min(start + batchSize, total), total);
    await yieldToEventLoop();
  }
  return { data, shape: [total, dim] };
}
