import { ones, tidy, zeros } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { InvalidOptionError } from '../errors/errors.js';
import { type AnyLayer, type LayerCall, layerCalls, refuseLayer, weightOf } from '../models/layer-graph.js';
import { axesOf, type Padding } from '../models/layers/padding.js';

const caller = 'toPlainLayersModel';

/** Layers of tfjs-layers that can be rebuilt from their configuration. */
const stockLayers = new Set([
  'Activation',
  'Add',
  'AveragePooling2D',
  'BatchNormalization',
  'Concatenate',
  'Conv2D',
  'Dense',
  'DepthwiseConv2D',
  'Dropout',
  'Flatten',
  'GlobalAveragePooling2D',
  'GlobalMaxPooling2D',
  'MaxPooling2D',
  'ReLU',
  'ZeroPadding2D',
]);

/**
 * Rebuilds a model from layers of tfjs-layers, so that it loads without this library.
 *
 * The layers keep their names. A layer of this library that fuses several operations becomes several layers: padding
 * and convolution; or normalization, addition and ReLU. Inference gives the same results up to float32 rounding.
 * Training differs: `groups` are lost, and tfjs-layers computes the running variance differently. If you save the
 * architecture without weights, the weights start from zeros.
 *
 * To go back, use `loadLayersModel`: `SimCLR` takes any such model as its encoder.
 *
 * @param source - An encoder or projection head of this library, or a model of these layers of tfjs-layers: dense,
 * convolution, padding, pooling, normalization, addition, concatenation, ReLU and other activations, flatten, dropout.
 * @returns A new model with its own weights. Dispose it with `dispose()`.
 * @throws `InvalidOptionError` when a layer has no counterpart; the error names it.
 * @example
 * const plain = toPlainLayersModel(encoder);
 * await plain.save('downloads://encoder'); // opens with loadLayersModel of plain tfjs
 */
export function toPlainLayersModel(source: LayersModel): LayersModel {
  if (!Array.isArray(source?.outputs) || source.outputs.length !== 1 || source.inputs.length !== 1) {
    throw new InvalidOptionError(
      `${caller}: source must be a model with one input and one output. Received: ${source?.name ?? String(source)}.`,
    );
  }
  const calls = layerCalls(caller, source);
  const made = new Map<SymbolicTensor, SymbolicTensor>();
  const rebuilt = new Set<AnyLayer>();
  for (const call of calls) {
    if (rebuilt.has(call.layer)) {
      refuseLayer(caller, call.layer, 'every layer must be used once');
    }
    rebuilt.add(call.layer);
    const inputs = call.inputs.map((tensor) => made.get(tensor)!);
    made.set(call.output, rebuild(call, inputs, calls));
  }
  return model({
    inputs: made.get(source.inputs[0]!)!,
    outputs: made.get(source.outputs[0]!)!,
    name: source.name,
  });
}

function rebuild(call: LayerCall, inputs: SymbolicTensor[], calls: readonly LayerCall[]): SymbolicTensor {
  const { layer } = call;
  const [x] = inputs as [SymbolicTensor];
  const { name } = layer;
  const config = layer.getConfig();
  const kind = layer.getClassName();
  switch (kind) {
    case 'InputLayer':
      return input({ shape: call.output.shape.slice(1), name });
    case 'SimCLRPaddedConv2D': {
      const { filters, kernelSize, strides, useBias } = config as {
        filters: number;
        kernelSize: number;
        strides: number;
        useBias: boolean;
      };
      const convolution = layers.conv2d({
        name,
        filters,
        kernelSize,
        strides,
        useBias,
        trainable: layer.trainable,
        kernelInitializer: 'zeros',
      });
      return copyWeights(layer, convolution, padded(x, name, config.padding as Padding));
    }
    case 'SimCLRPaddedDepthwiseConv2D': {
      const { kernelSize, strides, useBias, depthMultiplier } = config as {
        kernelSize: number;
        strides: number;
        useBias: boolean;
        depthMultiplier: number;
      };
      const convolution = layers.depthwiseConv2d({
        name,
        kernelSize,
        strides,
        useBias,
        depthMultiplier,
        trainable: layer.trainable,
        depthwiseInitializer: 'zeros',
      });
      return copyWeights(layer, convolution, padded(x, name, config.padding as Padding));
    }
    case 'SimCLRPaddedMaxPooling2D': {
      const padding = config.padding as Padding;
      const padsNothing = axesOf(padding)
        .flat()
        .every((side) => side === 0);
      // Among values >= 0, padding with zeros does not change the maximum.
      if (!padsNothing && !isRectified(call.inputs[0]!, calls)) {
        refuseLayer(caller, layer, 'padded max pooling must follow a ReLU, because tfjs-layers pads with 0');
      }
      const { kernelSize, strides } = config as { kernelSize: number; strides: number };
      const pool = layers.maxPooling2d({ name, poolSize: kernelSize, strides, padding: 'valid' });
      return pool.apply(padded(x, name, padding)) as SymbolicTensor;
    }
    case 'SimCLRBatchNormalization':
      return normalized(layer, inputs);
    default: {
      if (!stockLayers.has(kind)) {
        refuseLayer(
          caller,
          layer,
          'every layer must be one of this library or a supported one of tfjs-layers',
        );
      }
      const copy = fromConfig(layer);
      const argument = inputs.length > 1 ? inputs : x;
      return copyWeights(layer, copy, argument);
    }
  }
}

function padded(x: SymbolicTensor, name: string, padding: Padding): SymbolicTensor {
  const sides = axesOf(padding);
  if (sides.flat().every((side) => side === 0)) return x;
  return layers.zeroPadding2d({ name: `${name}.padding`, padding: sides }).apply(x) as SymbolicTensor;
}

function normalized(layer: AnyLayer, [x, residual]: SymbolicTensor[]): SymbolicTensor {
  const { name, trainable } = layer;
  const { epsilon, momentum, activation } = layer.getConfig() as {
    epsilon: number;
    momentum: number;
    activation: 'relu' | 'relu6' | null;
  };
  // With scale and offset, because tfjs-layers cannot train without them.
  const normalization = layers.batchNormalization({ name, epsilon, momentum, trainable });
  let y = normalization.apply(x!) as SymbolicTensor;
  tidy(() => {
    const mean = weightOf(layer, 'moving_mean')!.read();
    const gamma = weightOf(layer, 'gamma')?.read() ?? ones(mean.shape);
    const beta = weightOf(layer, 'beta')?.read() ?? zeros(mean.shape);
    normalization.setWeights([gamma, beta, mean, weightOf(layer, 'moving_variance')!.read()]);
  });
  if (residual !== undefined) {
    y = layers.add({ name: `${name}.add` }).apply([y, residual]) as SymbolicTensor;
  }
  if (activation === null) return y;
  const limit = activation === 'relu6' ? { maxValue: 6 } : {};
  return layers.reLU({ name: `${name}.relu`, ...limit }).apply(y) as SymbolicTensor;
}

/** A new layer of the same configuration. Its weights start from zeros, because they are copied later. */
function fromConfig(layer: AnyLayer): AnyLayer {
  const config = layer.getConfig();
  for (const key of Object.keys(config)) {
    if (/^(kernel|bias|depthwise)Initializer$/.test(key)) config[key] = 'zeros';
  }
  const kind = layer.constructor as unknown as {
    fromConfig(kind: unknown, config: unknown): AnyLayer;
  };
  return kind.fromConfig(kind, config);
}

function copyWeights(from: AnyLayer, to: AnyLayer, x: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
  const y = to.apply(x) as SymbolicTensor;
  // Variables share the values; nothing is copied until one of them changes.
  if (from.weights.length > 0) to.setWeights(from.weights.map((weight) => weight.read()));
  return y;
}

/** Whether a tensor is the output of a ReLU. */
function isRectified(tensor: SymbolicTensor, calls: readonly LayerCall[]): boolean {
  const { layer } = calls.find((call) => call.output === tensor)!;
  return layer.getClassName() === 'ReLU' || /^relu6?$/.test(String(layer.getConfig().activation));
}
