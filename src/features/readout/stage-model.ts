import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { copyWeights, freeName, sameArchitecture } from '../../models/copy-model.js';
import type { ResolvedStage, StageOutput } from './encoder-stages.js';

/** Averages a map on a grid of cells of equal size, as a vector. */
function pooled(x: SymbolicTensor, { grid }: ResolvedStage, name: (part: string) => string): SymbolicTensor {
  if (x.shape.length === 2) return x;
  const size = x.shape.slice(1, 3) as [number, number];
  const strides = size.map((pixels) => Math.floor(pixels / grid)) as [number, number];
  const poolSize = size.map((pixels, axis) => pixels - (grid - 1) * strides[axis]!) as [number, number];
  const cells = layers.averagePooling2d({ poolSize, strides, padding: 'valid', name: name('pool') }).apply(x);
  return layers.flatten({ name: name('flat') }).apply(cells) as SymbolicTensor;
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
  const copy = await sameArchitecture(caller, part, size);
  try {
    copyWeights(part.layers, copy.layers);
    const taken = new Set(copy.layers.map((layer) => layer.name));
    const vectors = stages.map(({ stage, tensor }, index) => {
      const name = (of: string) => freeName(`readout.${index}.${of}`, taken);
      return pooled(copy.outputs[tensors.indexOf(tensor)]!, stage, name);
    });
    const outputs =
      vectors.length === 1
        ? vectors[0]!
        : (layers
            .concatenate({ axis: -1, name: freeName('readout.joined', taken) })
            .apply(vectors) as SymbolicTensor);
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
