import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../../errors/errors.js';
import { type AnyLayer, layerCalls, refuseLayer, shapesAt, weightOf } from '../../models/layer-graph.js';

/** The first convolution of an encoder. */
export interface FirstConvolution {
  layer: AnyLayer;
  /** `[height, width, channels, filters]`. */
  kernelShape: [number, number, number, number];
  /** What it takes, without padding. */
  input: SymbolicTensor;
}

/**
 * @param size - Height and width of the pictures.
 * @throws {@link InvalidOptionError} when the first layer with weights is not an ordinary convolution.
 * @throws {@link ShapeError} when the pictures are smaller than its filters.
 */
export function firstConvolution(
  caller: string,
  encoder: LayersModel,
  size: readonly [number, number],
): FirstConvolution {
  const calls = layerCalls(caller, encoder);
  const call = calls.find(({ layer }) => layer.weights.length > 0);
  if (!call) {
    throw new ShapeError(`${caller}: encoder must have a convolution. Received: a model without weights.`);
  }
  const { layer } = call;
  const { dilationRate = 1, dataFormat = 'channelsLast' } = layer.getConfig();
  const isPlain =
    ['SimCLRPaddedConv2D', 'Conv2D'].includes(layer.getClassName()) &&
    [dilationRate].flat().every((rate) => rate === 1) &&
    dataFormat === 'channelsLast';
  if (!isPlain) {
    refuseLayer(
      caller,
      layer,
      'the first layer with weights must be a PaddedConv2D or a Conv2D without dilation, channels last',
    );
  }
  let input = call.inputs[0]!;
  while (input.sourceLayer.getClassName() === 'ZeroPadding2D') {
    input = calls.find(({ output }) => output === input)!.inputs[0]!;
  }
  const kernelShape = weightOf(layer, 'kernel')!.shape as FirstConvolution['kernelShape'];
  const [, height, width] = shapesAt(calls, size).get(input) as number[];

  if (height! < kernelShape[0] || width! < kernelShape[1]) {
    throw new ShapeError(
      `${caller}: pictures must be at least as large as the first filters, ${kernelShape[0]}x${kernelShape[1]} of ${layer.name}. Received: pictures of ${height}x${width}.`,
    );
  }
  return { layer, kernelShape, input };
}
