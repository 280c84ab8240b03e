import { matMul, moments, mul, type Tensor, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { convolutionOf } from '../../models/inference/foldable-layers.js';
import { type AnyLayer, type LayerCall, layerCalls, weightOf } from '../../models/layer-graph.js';
import { foldedConvolution } from '../../tensors/index.js';

const normalizations = new Set(['SimCLRBatchNormalization', 'BatchNormalization']);

/** What a convolution or dense layer makes of its input, without offset and activation; undefined for other layers. */
function linearPart(layer: AnyLayer, x: Tensor): Tensor | undefined {
  const convolution = convolutionOf(layer);
  const kernel = weightOf(layer, 'kernel');
  if (convolution) {
    return foldedConvolution(x as Tensor4D, kernel!.read() as Tensor4D, {
      strides: convolution.strides,
      pad: convolution.padOf([x.shape[1]!, x.shape[2]!]),
    });
  }
  if (layer.getClassName() !== 'Dense' || x.rank !== 2) return undefined;
  return matMul(x as Tensor2D, kernel!.read() as Tensor2D);
}

/** Runs a batch normalization by the statistics of `x`, as in training, and leaves its running ones as they were. */
function normalizedByBatch(layer: AnyLayer, x: Tensor, argument: Tensor | Tensor[]): Tensor {
  const mean = weightOf(layer, 'moving_mean');
  const variance = weightOf(layer, 'moving_variance');
  if (!mean || !variance || mean.shape[0] !== x.shape.at(-1)) return applied(layer, argument);
  return tidy(() => {
    const [oldMean, oldVariance] = [mean.read().clone(), variance.read().clone()];
    const axes = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
    const statistics = moments(x, axes);
    mean.write(statistics.mean);
    variance.write(statistics.variance);
    try {
      return applied(layer, argument);
    } finally {
      mean.write(oldMean);
      variance.write(oldVariance);
    }
  });
}

function applied(layer: AnyLayer, argument: Tensor | Tensor[]): Tensor {
  return tidy(() => (layer.apply(argument, { training: false }) as Tensor).clone());
}

/** Divides a kernel by the standard deviation of what it gives. */
async function scaleKernel(layer: AnyLayer, x: Tensor): Promise<boolean> {
  const y = tidy(() => {
    const linear = linearPart(layer, x);
    return linear && moments(linear).variance;
  });
  if (!y) return false;
  const [variance] = await y.data();
  y.dispose();
  if (!(variance! > 0)) return false; // nothing arrives at this layer
  tidy(() => {
    const kernel = weightOf(layer, 'kernel')!;
    kernel.write(mul(kernel.read(), 1 / Math.sqrt(variance!)));
  });
  return true;
}

/** The tensors that only a batch normalization takes: the scale of what gives them does not matter. */
function normalizedTensors(calls: readonly LayerCall[]): Set<SymbolicTensor> {
  const takers = new Map<SymbolicTensor, LayerCall[]>();
  for (const call of calls) {
    for (const tensor of call.inputs) takers.set(tensor, [...(takers.get(tensor) ?? []), call]);
  }
  const isNormalization = ({ layer, inputs }: LayerCall, tensor: SymbolicTensor) =>
    normalizations.has(layer.getClassName()) && inputs[0] === tensor;
  return new Set(
    [...takers].filter(([tensor, by]) => by.every((call) => isNormalization(call, tensor))).map(([it]) => it),
  );
}

/**
 * Goes through an encoder layer by layer with some pictures: what a convolution or a dense layer gives, without its offset,
 * gets variance 1. Where batch normalization follows, which makes that moot, the layer stays as it is.
 *
 * @param images - As the encoder takes them. Not disposed.
 * @returns Names of the layers whose kernel was scaled.
 * @see Mishkin and Matas 2016, arXiv:1511.06422, algorithm 1; Krähenbühl et al. 2016, arXiv:1511.06856, section 3.1.
 */
export async function scaleLayers(caller: string, encoder: LayersModel, images: Tensor4D): Promise<string[]> {
  const calls = layerCalls(caller, encoder);
  const moot = normalizedTensors(calls);
  const isScaled = ({ layer, output }: LayerCall) =>
    !moot.has(output) && !normalizations.has(layer.getClassName()) && weightOf(layer, 'kernel') !== undefined;
  const last = calls.findLastIndex(isScaled);
  const scaled: string[] = [];
  const values = new Map<SymbolicTensor, Tensor>();
  const lastUse = new Map<SymbolicTensor, number>();
  for (const [index, { inputs }] of calls.entries()) for (const input of inputs) lastUse.set(input, index);
  const seen = new Set<AnyLayer>();
  try {
    for (const [index, call] of calls.slice(0, last + 1).entries()) {
      const { layer, inputs, output } = call;
      if (inputs.length === 0) {
        values.set(output, images.clone());
        continue;
      }
      const given = inputs.map((tensor) => values.get(tensor)!);
      // A layer that is called again keeps the scale of its first call.
      if (isScaled(call) && !seen.has(layer) && (await scaleKernel(layer, given[0]!)))
        scaled.push(layer.name);
      seen.add(layer);
      const argument = given.length > 1 ? given : given[0]!;
      const result = normalizations.has(layer.getClassName())
        ? normalizedByBatch(layer, given[0]!, argument)
        : applied(layer, argument);
      values.set(output, result);
      for (const tensor of new Set(inputs)) {
        if (lastUse.get(tensor) !== index) continue;
        values.get(tensor)!.dispose();
        values.delete(tensor);
      }
    }
  } finally {
    for (const value of values.values()) value.dispose();
  }
  return scaled;
}
