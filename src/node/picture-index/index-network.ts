import { createHash } from 'node:crypto';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions } from '../../augmentations/index.js';
import type { ImageArray } from '../../data/index.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { pictureEncoder } from '../../features/encoder-source.js';
import type { Readout } from '../../features/index.js';
import { namedWeights } from '../../models/named-weights.js';
import type { SimCLR } from '../../training/index.js';
import { toChannels } from '../pictures/to-channels.js';

/** A network that gives vectors, as an index uses it. */
export interface IndexNetwork {
  /** SHA-256 of its weights, shapes and normalization. */
  fingerprint: string;
  dim: number;
  /** Whether the vectors are a model's h, or those of a read-out. */
  at: 'h' | 'readout';
  inputShape: [number, number, number];
  /** Vectors of decoded pictures, one row each. */
  embed(images: ImageArray, batchSize: number): Promise<Float32Array>;
}

/** The layers from pictures to vectors. */
function layersOf(model: SimCLR | Readout): LayersModel {
  const network = (model as Partial<Readout>)?.model ?? (model as Partial<SimCLR>)?.encoder;
  if (network && typeof model.embed === 'function') return network;
  throw new InvalidOptionError(
    receivedMessage('indexFolder', 'model must be a SimCLR or a Readout', 'model', model),
  );
}

/** Hashes the weights, in an order and under names that every process gives them. */
async function fingerprintOf(
  network: LayersModel,
  inputShape: readonly number[],
  normalization: NormalizeOptions | null,
): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ inputShape, normalization }));
  for (const [name, weight] of namedWeights('network', network)) {
    const tensor = weight.read();
    const data = await tensor.data();
    hash.update(JSON.stringify([name, tensor.shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** A model of this library as a network for an index. The model stays the caller's. */
export async function indexNetwork(model: SimCLR | Readout): Promise<IndexNetwork> {
  const network = layersOf(model);
  const { normalization } = model;
  const { inputShape } = pictureEncoder('indexFolder', { encoder: network, normalization });
  return {
    fingerprint: await fingerprintOf(network, inputShape, normalization),
    dim: network.outputs[0]!.shape[1]!,
    at: 'encoder' in model ? 'h' : 'readout',
    inputShape,
    async embed(images, batchSize) {
      const vectors = await model.embed(toChannels(images, inputShape[2]), { batchSize });
      return vectors.data<'float32'>().finally(() => vectors.dispose());
    },
  };
}
