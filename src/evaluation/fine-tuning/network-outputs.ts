import { type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, normalize } from '../../augmentations/index.js';
import { explainMissingKernel } from '../../backend/missing-kernel.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { inferenceBatches } from '../../data/batches/inference-batches.js';
import { checkImageDataset } from '../../data/check-image-dataset.js';
import { isInMemory } from '../../data/image-dataset.js';
import { datasetSize, type ImageDataset } from '../../data/index.js';
import { checkInteger } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { inferenceOf } from '../../models/inference/inference.js';
import type { EmbedOptions } from '../../training/index.js';
import { type LabeledRows, RowLabels } from '../labels/labeled-pictures.js';

/** Options of {@link networkOutputs}. */
export interface NetworkOutputsOptions extends EmbedOptions {
  /** Applied to the outputs on the device. */
  after?: (outputs: Tensor2D) => Tensor2D;
  /** Called before each pass, to throw if the network was disposed. */
  beforePass?: () => void;
}

/** Outputs of a network, and the numbers of their pictures. */
export interface NetworkOutputs extends LabeledRows {
  /** `[N, dim]`, row-major. */
  data: Float32Array;
  shape: [number, number];
}

/** Runs a network over pictures in inference mode, pass by pass, and returns its outputs in host memory. */
export async function networkOutputs(
  caller: string,
  network: LayersModel,
  normalization: NormalizeOptions | null,
  images: ImageDataset,
  options: NetworkOutputsOptions = {},
): Promise<NetworkOutputs> {
  const { batchSize = 64, onProgress, after = (outputs) => outputs, beforePass } = options;
  checkInteger(caller, 'batchSize', batchSize);
  checkImageDataset(caller, 'images', images);
  const expected = network.inputs[0]!.shape.slice(1);
  const checkShape = (shape: readonly number[]) => {
    if (shape[0]! >= 1 && expected.every((size, axis) => size === shape[axis + 1])) return;
    throw new ShapeError(
      `${caller}: images must have the encoder's input shape [N, ${expected}], N >= 1. Received: images=[${shape}].`,
    );
  };
  if (isInMemory(images)) checkShape(images.shape);
  const total = datasetSize(images);
  const infer = inferenceOf(network);
  const parts: Float32Array[] = [];
  const rows = new RowLabels();
  for await (const batch of inferenceBatches(caller, images, { batchSize })) {
    let outputs: Tensor2D | undefined;
    try {
      checkShape(batch.images.shape);
      beforePass?.();
      outputs = tidy(() => {
        const input = normalization ? normalize(normalization).apply(batch.images, null) : batch.images;
        return after(infer(input) as Tensor2D);
      });
      parts.push(await outputs.data<'float32'>());
    } catch (error) {
      throw explainMissingKernel(error);
    } finally {
      batch.images.dispose();
      outputs?.dispose();
    }
    rows.add(batch);
    onProgress?.(rows.count, total ?? rows.count);
    await yieldToEventLoop();
  }
  const dim = network.outputs[0]!.shape[1]!;
  const data = new Float32Array(rows.count * dim);
  let filled = 0;
  for (const part of parts) {
    data.set(part, filled);
    filled += part.length;
  }
  return {
    data,
    shape: [rows.count, dim],
    ...rows.join(),
  };
}
