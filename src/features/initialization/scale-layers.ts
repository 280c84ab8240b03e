import { matMul, moments, mul, type Tensor, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { convolutionOf } from '../../models/inference/foldable-layers.js';
import { type AnyLayer, type LayerCall, layerCalls, weightOf } from '../../models/layer-graph.js';
import { foldedConvolution } from '../../tensors/index.js';
import { isNormalization, walkLayers } from './walk-layers.js';

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
  const normalizes = ({ layer, inputs }: LayerCall, tensor: SymbolicTensor) =>
    isNormalization(layer) && inputs[0] === tensor;
  return new Set(
    [...takers].filter(([tensor, by]) => by.every((call) => normalizes(call, tensor))).map(([it]) => it),
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
    !moot.has(output) && !isNormalization(layer) && weightOf(layer, 'kernel') !== undefined;
  const last = calls.map(isScaled).lastIndexOf(true);
  const scaled: string[] = [];
  const seen = new Set<AnyLayer>();
  await walkLayers(calls.slice(0, last + 1), images, async (call, given) => {
    const { layer } = call;
    // A layer that is called again keeps the scale of its first call.
    if (isScaled(call) && !seen.has(layer) && (await scaleKernel(layer, given[0]!))) scaled.push(layer.name);
    seen.add(layer);
  });
  return scaled;
}
