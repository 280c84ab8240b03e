import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { copyWeights, freeName, sameArchitecture } from '../../models/copy-model.js';
import { pictureEncoder } from '../encoder-source.js';
import { type ReadoutStage, type ResolvedStage, resolveStages, type StageOutput } from './encoder-stages.js';

/** Averages a map on a grid of cells of equal size, as a vector. */
function pooled(x: SymbolicTensor, { grid }: ResolvedStage, name: (part: string) => string): SymbolicTensor {
  if (x.shape.length === 2) return x;
  const size = x.shape.slice(1, 3) as [number, number];
  const strides = size.map((pixels) => Math.floor(pixels / grid)) as [number, number];
  const poolSize = size.map((pixels, axis) => pixels - (grid - 1) * strides[axis]!) as [number, number];
  const cells = layers.averagePooling2d({ poolSize, strides, padding: 'valid', name: name('pool') }).apply(x);
  return layers.flatten({ name: name('flat') }).apply(cells) as SymbolicTensor;
}

/** The vectors of stages, one after the other. */
function joined(
  tensors: readonly SymbolicTensor[],
  stages: readonly StageOutput[],
  taken: Set<string>,
): SymbolicTensor {
  const vectors = stages.map(({ stage }, index) =>
    pooled(tensors[index]!, stage, (of) => freeName(`readout.${index}.${of}`, taken)),
  );
  if (vectors.length === 1) return vectors[0]!;
  const name = freeName('readout.joined', taken);
  return layers.concatenate({ axis: -1, name }).apply(vectors) as SymbolicTensor;
}

/**
 * An encoder that ends at stages of another one, averaged on a grid and joined: train it, and you train those stages of the
 * other, in a fraction of the time that its whole takes.
 *
 * @param encoder - Any model of tfjs-layers that takes pictures of a fixed size. The result shares its layers, and with them
 * its weights: dispose of the encoder alone.
 * @param stages - What to read. Weights of stages have no effect here.
 * @returns Model from the encoder's pictures to vectors `[batch, length]`, the sum of `grid² * channels`. It has an
 * architecture that checkpoints can hold.
 * @throws {@link InvalidOptionError} when a stage is not in the encoder, or its grid is finer than its maps.
 * @throws {@link ShapeError} when the encoder does not take pictures of a fixed size.
 * @example
 * const early = stageEncoder(encoder, [{ layer: 'layer1.1.bn2', grid: 2 }]);
 * await new SimCLR({ encoder: early }).fit(images, { minutes: 3 });
 * @see Löwe et al. 2019, arXiv:1905.11786, and Belilovsky et al. 2019, arXiv:1812.11446 (networks trained stage by stage).
 */
export function stageEncoder(encoder: LayersModel, stages: readonly ReadoutStage[]): LayersModel {
  return joinedStages('stageEncoder', encoder, stages);
}

/** {@link stageEncoder} for a caller that its errors name. */
export function joinedStages(
  caller: string,
  encoder: LayersModel,
  stages: readonly ReadoutStage[],
): LayersModel {
  const { inputShape } = pictureEncoder(caller, encoder);
  const outputs = resolveStages(caller, encoder, [inputShape[0], inputShape[1]], stages);
  const taken = new Set(encoder.layers.map((layer) => layer.name));
  const vectors = joined(
    outputs.map(({ tensor }) => tensor),
    outputs,
    taken,
  );
  return model({ inputs: encoder.inputs, outputs: vectors, name: freeName(`${encoder.name}.stages`, taken) });
}

/**
 * Copies an encoder as far as its stages, and joins the stages: pictures to vectors.
 *
 * @param size - Height and width of the pictures: also those of the encoder, where it does not take any.
 *
 * The result is a model of its own: later changes of the encoder do not change it.
 *
 * @throws {@link ShapeError} when tfjs cannot rebuild the encoder from its configuration.
 */
export async function stageModel(
  caller: string,
  encoder: LayersModel,
  stages: readonly StageOutput[],
  size: readonly [number, number],
): Promise<LayersModel> {
  // Several stages may read the same tensor; tfjs-layers refuses an output that is given twice.
  const tensors = [...new Set(stages.map(({ tensor }) => tensor))];
  const part = model({ inputs: encoder.inputs, outputs: tensors, name: encoder.name });
  const copy = await sameArchitecture(caller, part, { size });
  try {
    copyWeights(part.layers, copy.layers);
    const taken = new Set(copy.layers.map((layer) => layer.name));
    const read = stages.map(({ tensor }) => copy.outputs[tensors.indexOf(tensor)]!);
    const outputs = joined(read, stages, taken);
    return model({ inputs: copy.inputs, outputs, name: encoder.name });
  } catch (error) {
    copy.dispose(); // the encoder may be disposed of
    throw error;
  }
}

/** The affine map that whitens: `y = x kernel + bias`. */
export interface WhiteningWeights {
  /** `[length, dim]`, row-major. */
  kernel: Float32Array;
  /** `[dim]`. */
  bias: Float32Array;
}

/**
 * Adds a dense layer, whose weights whiten, to a model of {@link stageModel}. The new model has the layers of the old one
 * and disposes of them.
 */
export function withWhitening(stages: LayersModel, { kernel, bias }: WhiteningWeights): LayersModel {
  const taken = new Set(stages.layers.map((layer) => layer.name));
  const dense = layers.dense({
    units: bias.length,
    kernelInitializer: 'zeros',
    name: freeName('readout.whitening', taken),
  });
  const outputs = dense.apply(stages.outputs[0]!) as SymbolicTensor;
  const weights: Tensor[] = [tensor(kernel, [kernel.length / bias.length, bias.length]), tensor(bias)];
  dense.setWeights(weights);
  for (const weight of weights) weight.dispose();
  return model({ inputs: stages.inputs, outputs, name: stages.name });
}
