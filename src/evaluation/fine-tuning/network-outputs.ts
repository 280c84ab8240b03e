import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions } from '../../augmentations/index.js';
import { normalizer } from '../../augmentations/normalize.js';
import { datasetSize, type ImageDataset } from '../../data/index.js';
import { inferencePasses } from '../../models/inference/inference-passes.js';
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
  const { batchSize = 64, onProgress, after, beforePass } = options;
  const total = datasetSize(images);
  const parts: Float32Array[] = [];
  const rows = new RowLabels();
  const passes = inferencePasses(caller, network, images, {
    batchSize,
    prepare: normalizer(normalization),
    after: after as ((outputs: Tensor) => Tensor) | undefined,
    beforePass,
  });
  for await (const { outputs, ...batch } of passes) {
    try {
      parts.push(await outputs.data<'float32'>());
    } finally {
      outputs.dispose();
    }
    rows.add(batch);
    onProgress?.(rows.count, total ?? rows.count);
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
