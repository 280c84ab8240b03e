import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type AnyLayer, type LayerCall, refuseLayer, weightOf } from '../../models/layer-graph.js';
import { toOihw } from '../../models/layers/kernel-layout.js';
import { axesOf, type Padding } from '../../models/layers/padding.js';
import type { Attribute, OnnxGraph } from './onnx-graph.js';

/** Writes the layers of one model into a graph, in which pictures are [batch, channels, height, width]. */
export interface LayerWriter {
  graph: OnnxGraph;
  /** Prefix of the names of layers, so that those of two models differ. */
  scope: string;
  /** Names in the graph by tensors of the model. */
  names: Map<SymbolicTensor, string>;
  /** Whether pictures may have any height and width. */
  anySize: boolean;
  /** Values of a weight. */
  read: (weight: AnyLayer['weights'][number]) => Float32Array;
}

const caller = 'exportONNX';
const activations = new Map([
  ['relu', 'Relu'],
  ['relu6', 'Clip'],
  ['sigmoid', 'Sigmoid'],
  ['tanh', 'Tanh'],
]);

/**
 * Writes one call of a layer, unless it is an input, which already has a name.
 *
 * @throws `InvalidOptionError` when the layer or one of its options has no counterpart.
 */
export function writeLayer(writer: LayerWriter, call: LayerCall): void {
  const { names } = writer;
  const { layer, output } = call;
  if (names.has(output)) return;
  const write = writers.get(layer.getClassName());
  if (write === undefined) {
    refuseLayer(
      caller,
      layer,
      `every layer must be one that can be exported (${[...writers.keys()].join(', ')})`,
    );
  }
  if (![2, 4].includes(output.shape.length)) {
    refuseLayer(caller, layer, 'every layer must return [batch, dim] or [batch, height, width, channels]');
  }
  if (layer.getConfig().dataFormat === 'channelsFirst') {
    refuseLayer(caller, layer, "every layer must have dataFormat 'channelsLast'");
  }
  // The second call of a layer needs another name.
  const node = output.nodeIndex === 0 ? layer.name : `${layer.name}#${output.nodeIndex + 1}`;
  const inputs = call.inputs.map((tensor) => names.get(tensor)!);
  const context = { ...writer, layer, name: writer.scope + node, inputs, rank: output.shape.length };
  names.set(output, write(context, call));
}

interface LayerContext extends LayerWriter {
  layer: AnyLayer;
  name: string;
  inputs: string[];
  /** Rank of the output. */
  rank: number;
}

type Write = (context: LayerContext, call: LayerCall) => string;

const writers = new Map<string, Write>([
  ['SimCLRPaddedConv2D', paddedConvolution],
  ['SimCLRPaddedDepthwiseConv2D', paddedConvolution],
  ['SimCLRPaddedMaxPooling2D', paddedPool],
  ['SimCLRBatchNormalization', normalization],
  ['BatchNormalization', stockNormalization],
  ['Conv2D', stockConvolution],
  ['DepthwiseConv2D', stockDepthwise],
  ['ZeroPadding2D', zeroPadding],
  ['MaxPooling2D', (context, call) => stockPool(context, call, 'MaxPool')],
  ['AveragePooling2D', (context, call) => stockPool(context, call, 'AveragePool')],
  ['GlobalAveragePooling2D', (context) => globalPool(context, 'GlobalAveragePool')],
  ['GlobalMaxPooling2D', (context) => globalPool(context, 'GlobalMaxPool')],
  ['Dense', dense],
  ['Flatten', flatten],
  ['Add', sum],
  ['Concatenate', joined],
  ['Activation', activation],
  ['ReLU', relu],
  ['Dropout', ({ inputs }) => inputs[0]!],
]);

function paddedConvolution(context: LayerContext): string {
  const { kernelSize, strides, padding } = context.layer.getConfig() as Record<string, number>;
  return convolution(context, context.name, {
    kernel_shape: [kernelSize!, kernelSize!],
    strides: [strides!, strides!],
    pads: padsOf(padding as Padding),
  });
}

function stockConvolution(context: LayerContext, call: LayerCall): string {
  const { kernelSize, strides, dilationRate } = context.layer.getConfig() as Record<string, number[]>;
  const dilations = dilationRate!;
  const spans = kernelSize!.map((size, axis) => (size - 1) * dilations[axis]! + 1);
  return activated(context, (name) =>
    convolution(context, name, {
      kernel_shape: kernelSize!,
      strides: strides!,
      dilations,
      ...stockPadding(context, call, spans, strides!),
    }),
  );
}

/** Unlike the convolution, the layer of tfjs-layers leaves out its dilation. */
function stockDepthwise(context: LayerContext, call: LayerCall): string {
  const { kernelSize, strides } = context.layer.getConfig() as Record<string, number[]>;
  return activated(context, (name) =>
    convolution(context, name, {
      kernel_shape: kernelSize!,
      strides: strides!,
      ...stockPadding(context, call, kernelSize!, strides!),
    }),
  );
}

/**
 * The padding of a layer of tfjs-layers. `auto_pad` does not support dilated kernels, nor strides longer than a window,
 * for which onnxruntime would compute negative padding; those get explicit numbers. Others must not: onnxruntime fuses
 * a Pad into an AveragePool with explicit numbers, and then no longer counts the zeros.
 *
 * @param spans - Rows and columns covered by a window.
 */
function stockPadding(
  { layer, anySize }: LayerContext,
  call: LayerCall,
  spans: readonly number[],
  strides: readonly number[],
): Record<string, Attribute> {
  const { padding, dilationRate = [1, 1] } = layer.getConfig() as {
    padding: string;
    dilationRate?: number[];
  };
  if (padding !== 'same') return { auto_pad: 'VALID' };
  const isDilated = dilationRate.some((rate) => rate > 1);
  const isLong = strides.some((stride, axis) => stride > spans[axis]!);
  if (!isDilated && !isLong) return { auto_pad: 'SAME_UPPER' };
  const sizes = anySize ? [null, null] : call.inputs[0]!.shape.slice(1, 3);
  const totals = sizes.map((size, axis) => {
    const [span, stride] = [spans[axis]!, strides[axis]!];
    if (stride === 1) return span - 1;
    if (size != null) return Math.max(0, (Math.ceil(size / stride) - 1) * stride + span - size);
    return refuseLayer(
      caller,
      layer,
      "a layer with padding 'same' and strides longer than its windows must get pictures of a known size",
    );
  });
  if (totals.every((total) => total === 0)) return { auto_pad: 'VALID' };
  const before = totals.map((total) => Math.floor(total / 2));
  return { pads: [...before, ...totals.map((total, axis) => total - before[axis]!)] };
}

function convolution(context: LayerContext, name: string, attributes: Record<string, Attribute>): string {
  const { graph, layer, inputs, read } = context;
  const depthwise = weightOf(layer, 'depthwise_kernel');
  const kernel = depthwise ?? weightOf(layer, 'kernel')!;
  const [height, width, channels, outputs] = kernel.shape as [number, number, number, number];
  // A depthwise convolution is one with as many groups as channels: each output has one input.
  const shape = depthwise ? [channels * outputs, 1, height, width] : [outputs, channels, height, width];
  const weights = graph.floats(`${context.name}.weight`, shape, toOihw(read(kernel), shape));
  return graph.node('Conv', name, [inputs[0]!, weights, ...vector(context, 'bias', 'bias')], {
    ...attributes,
    ...(depthwise && { group: channels }),
  });
}

function paddedPool({ graph, layer, name, inputs }: LayerContext): string {
  const { kernelSize, strides, padding } = layer.getConfig() as Record<string, number>;
  return graph.node('MaxPool', name, [inputs[0]!], {
    kernel_shape: [kernelSize!, kernelSize!],
    strides: [strides!, strides!],
    pads: padsOf(padding as Padding),
  });
}

function stockPool(context: LayerContext, call: LayerCall, operator: string): string {
  const { graph, layer, name, inputs } = context;
  const { poolSize, strides } = layer.getConfig() as Record<string, number[]>;
  return graph.node(operator, name, [inputs[0]!], {
    kernel_shape: poolSize!,
    strides: strides!,
    ...stockPadding(context, call, poolSize!, strides!),
  });
}

function zeroPadding({ graph, layer, name, inputs }: LayerContext): string {
  const [[top, bottom], [left, right]] = layer.getConfig().padding as [[number, number], [number, number]];
  const pads = graph.integers(`${name}.pads`, [0, 0, top, left, 0, 0, bottom, right]);
  return graph.node('Pad', name, [inputs[0]!, pads]);
}

function globalPool({ graph, name, inputs }: LayerContext, operator: string): string {
  return graph.node('Flatten', name, [graph.node(operator, `${name}.pool`, [inputs[0]!])], { axis: 1 });
}

function normalization(context: LayerContext): string {
  const { graph, inputs } = context;
  const [x, residual] = inputs as [string, string | undefined];
  return activated(context, (name) => {
    if (residual === undefined) return normalize(context, x, name);
    return graph.node('Add', name, [normalize(context, x, `${context.name}.normalized`), residual]);
  });
}

function stockNormalization(context: LayerContext): string {
  const { axis } = context.layer.getConfig();
  if (axis !== -1 && axis !== context.rank - 1) {
    refuseLayer(caller, context.layer, 'batch normalization must be over the last axis');
  }
  return normalize(context, context.inputs[0]!, context.name);
}

function normalize(context: LayerContext, x: string, name: string): string {
  const { graph, layer } = context;
  const { epsilon } = layer.getConfig() as { epsilon: number };
  const channels = weightOf(layer, 'moving_mean')!.shape[0]!;
  const orElse = (given: string[], role: string, value: number) =>
    given[0] ?? graph.floats(`${context.name}.${role}`, [channels], new Float32Array(channels).fill(value));
  const inputs = [
    x,
    orElse(vector(context, 'gamma', 'weight'), 'weight', 1),
    orElse(vector(context, 'beta', 'bias'), 'bias', 0),
    ...vector(context, 'moving_mean', 'running_mean'),
    ...vector(context, 'moving_variance', 'running_var'),
  ];
  return graph.node('BatchNormalization', name, inputs, { epsilon: { float: epsilon } });
}

function dense(context: LayerContext, call: LayerCall): string {
  const { graph, layer, inputs, read } = context;
  if (call.inputs[0]!.shape.length !== 2) refuseLayer(caller, layer, 'dense layers must take [batch, dim]');
  const kernel = weightOf(layer, 'kernel')!;
  const weights = graph.floats(`${context.name}.weight`, kernel.shape as number[], read(kernel));
  return activated(context, (name) =>
    graph.node('Gemm', name, [inputs[0]!, weights, ...vector(context, 'bias', 'bias')]),
  );
}

function flatten({ graph, layer, name, inputs, anySize }: LayerContext, call: LayerCall): string {
  if (anySize && call.inputs[0]!.shape.length === 4) {
    refuseLayer(caller, layer, "with pictureSize 'any' a global pool must stand in place of flatten");
  }
  // tfjs flattens [height, width, channels].
  const x =
    call.inputs[0]!.shape.length === 4
      ? graph.node('Transpose', `${name}.transposed`, [inputs[0]!], { perm: [0, 2, 3, 1] })
      : inputs[0]!;
  return graph.node('Flatten', name, [x], { axis: 1 });
}

function sum({ graph, name, inputs, rank }: LayerContext, call: LayerCall): string {
  const terms = inputs.map((term, i) => {
    if (call.inputs[i]!.shape.length === rank) return term;
    // tfjs adds [batch, channels] to each pixel of pictures.
    const axes = graph.integers(`${name}.${i}.axes`, [2, 3]);
    return graph.node('Unsqueeze', `${name}.${i}`, [term, axes]);
  });
  return graph.node(inputs.length === 2 ? 'Add' : 'Sum', name, terms);
}

function joined({ graph, layer, name, inputs, rank }: LayerContext): string {
  const axis = layer.getConfig().axis as number;
  const own = axis < 0 ? axis + rank : axis;
  // Channels are the last axis in tfjs, and the second here.
  return graph.node('Concat', name, inputs, { axis: own === rank - 1 ? 1 : own === 0 ? 0 : own + 1 });
}

function activation(context: LayerContext): string {
  return activated(context, () => context.inputs[0]!);
}

function relu(context: LayerContext): string {
  const { graph, layer, name, inputs } = context;
  const { maxValue } = layer.getConfig() as { maxValue?: number | null };
  if (maxValue == null) return graph.node('Relu', name, [inputs[0]!]);
  return clip(context, name, inputs[0]!, maxValue);
}

/** min(max(x, 0), highest). */
function clip(context: LayerContext, name: string, x: string, highest: number): string {
  const bounds = [0, highest].map((bound, i) =>
    context.graph.floats(`${context.name}.${i === 0 ? 'lowest' : 'highest'}`, [], Float32Array.of(bound)),
  );
  return context.graph.node('Clip', name, [x, ...bounds]);
}

/** Applies a layer's activation to the output of `write`, which gets the name to use. */
function activated(context: LayerContext, write: (name: string) => string): string {
  const { graph, layer, name } = context;
  const activation = (layer.getConfig().activation as string | null) ?? 'linear';
  if (activation === 'linear') return write(name);
  const operator = activations.get(activation);
  if (operator === undefined) {
    refuseLayer(
      caller,
      layer,
      `an activation must be one of linear, ${[...activations.keys()].join(', ')}; this one is ${activation}`,
    );
  }
  const linear = write(`${name}.linear`);
  return operator === 'Clip' ? clip(context, name, linear, 6) : graph.node(operator, name, [linear]);
}

/** A one-dimensional weight as a constant; empty if the layer has none. */
function vector({ graph, layer, name, read }: LayerContext, role: string, called: string): string[] {
  const weight = weightOf(layer, role);
  if (weight === undefined) return [];
  return [graph.floats(`${name}.${called}`, weight.shape as number[], read(weight))];
}

/** [top, left, bottom, right], the order of ONNX. */
function padsOf(padding: Padding): number[] {
  const [[top, bottom], [left, right]] = axesOf(padding);
  return [top, left, bottom, right];
}
