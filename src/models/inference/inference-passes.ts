import { add, mul, reverse, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { explainMissingKernel } from '../../backend/missing-kernel.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { type InferenceBatch, inferenceBatches } from '../../data/batches/inference-batches.js';
import { checkImageDataset } from '../../data/check-image-dataset.js';
import { isInMemory } from '../../data/image-dataset.js';
import type { ImageDataset } from '../../data/index.js';
import { checkInteger } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { describeShape, fitsShape } from '../check-encoder.js';
import { inferenceOf } from './inference.js';

/** Options of {@link inferencePasses}. */
export interface InferencePassesOptions {
  /** Pictures per pass; an integer >= 1. */
  batchSize: number;
  /** Applied to pictures on the device before the network, such as a normalization. @defaultValue nothing */
  prepare?: ((images: Tensor4D) => Tensor) | undefined;
  /** Applied to outputs on the device. @defaultValue nothing */
  after?: ((outputs: Tensor) => Tensor) | undefined;
  /** Whether to take the mean of the outputs of each picture and its mirror image. @defaultValue `false` */
  flips?: boolean | undefined;
  /** Called before each pass, to throw if the network was disposed. */
  beforePass?: (() => void) | undefined;
}

/** Outputs of one pass, which the consumer disposes, and what is known of its pictures. */
export interface InferencePass extends Omit<InferenceBatch, 'images'> {
  outputs: Tensor;
}

/**
 * Runs a network over a data set in inference mode, pass by pass.
 *
 * @param caller - The function that errors name; its argument is called `images`.
 * @throws {@link ShapeError} when pictures do not have the network's input shape, and what reading the data set throws.
 */
export async function* inferencePasses(
  caller: string,
  network: LayersModel,
  images: ImageDataset,
  { batchSize, prepare, after, flips = false, beforePass }: InferencePassesOptions,
): AsyncGenerator<InferencePass, void, undefined> {
  checkInteger(caller, 'batchSize', batchSize);
  checkImageDataset(caller, 'images', images);
  const expected = network.inputs[0]!.shape.slice(1);
  const checkShape = (shape: readonly number[]) => {
    if (shape[0]! >= 1 && fitsShape(shape.slice(1), expected)) return;
    throw new ShapeError(
      `${caller}: images must have the encoder's input shape [N, ${describeShape(expected)}], N >= 1. Received: images=[${shape}].`,
    );
  };
  if (isInMemory(images)) checkShape(images.shape);
  const infer = inferenceOf(network);
  for await (const { images: batch, ...known } of inferenceBatches(caller, images, { batchSize })) {
    let outputs: Tensor;
    try {
      checkShape(batch.shape);
      beforePass?.();
      outputs = tidy(() => {
        const run = (pictures: Tensor4D) => {
          const y = infer(prepare ? prepare(pictures) : pictures);
          return after ? after(y) : y;
        };
        return flips ? mul(add(run(batch), run(reverse(batch, 2))), 0.5) : run(batch);
      });
    } catch (error) {
      throw explainMissingKernel(error);
    } finally {
      batch.dispose();
    }
    yield { outputs, ...known };
    await yieldToEventLoop();
  }
}
