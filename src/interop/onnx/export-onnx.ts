import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, normalize } from '../../augmentations/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { checkEncoder } from '../../models/index.js';
import { type AnyLayer, layerCalls } from '../../models/layer-graph.js';
import { type Dimension, OnnxGraph } from './onnx-graph.js';
import { type LayerWriter, writeLayer } from './onnx-layers.js';

/** Options of {@link exportONNX}. */
export interface ExportONNXOptions {
  /** Head to put after the encoder: the file then has its projections as output 'z', in addition to 'h'. */
  projectionHead?: LayersModel;
  /**
   * Axis order of the input pictures: `'NCHW'`, `[batch, channels, height, width]`, as in ONNX and PyTorch, or
   * `'NHWC'`, as in this library.
   * @defaultValue `'NCHW'`
   */
  layout?: 'NCHW' | 'NHWC';
  /**
   * Mean and standard deviation of each channel that the trainer normalized by: the file then includes that step.
   * @defaultValue none
   */
  normalization?: NormalizeOptions;
}

const caller = 'exportONNX';
const operatorSet = 17;

/** Protocol Buffers limits messages to 2 GiB. */
const maximumBytes = 2 ** 31 - 1;

/**
 * Writes an encoder as an ONNX file, for onnxruntime and others: operator set 17, float32, any batch size.
 *
 * The input 'images' is float32 in [0, 1], the output 'h' is `[batch, dim]`. Batch normalization uses the running
 * statistics, as in inference.
 *
 * Layers that can be exported: all of `resnet18`, `resnet34`, `resnet50`, `mobileNetV2` and `projectionHead`,
 * and of tfjs-layers Conv2D, DepthwiseConv2D, BatchNormalization, ZeroPadding2D, MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D,
 * GlobalMaxPooling2D, Dense, Flatten, Add, Concatenate, ReLU, Dropout, and Activation of relu, relu6, sigmoid or tanh.
 *
 * @param encoder - Model from `[batch, height, width, channels]` to `[batch, dim]`.
 * @param options - See {@link ExportONNXOptions}.
 * @returns The whole file.
 * @throws `InvalidOptionError` when a layer, which it names, cannot be exported, an option is outside its domain, or
 * the weights take 2 GiB or more.
 * @throws `ShapeError` unless the encoder maps pictures to vectors that the head takes.
 * @example
 * const file = await exportONNX(simclr.encoder, { projectionHead: simclr.projectionHead });
 * @see https://onnx.ai/onnx/operators/
 */
export async function exportONNX(
  encoder: LayersModel,
  options: ExportONNXOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkKeys('exportONNX', options, { projectionHead: 1, layout: 1, normalization: 1 });
  const { projectionHead, layout = 'NCHW', normalization } = options;
  checkChoice(caller, 'layout', layout, ['NCHW', 'NHWC']);
  const dim = checkEncoder(encoder, caller);
  const pictures = encoder.inputs[0]!;
  if (pictures.shape.length !== 4 || typeof pictures.shape[3] !== 'number') {
    throw new ShapeError(
      `${caller}: encoder must take pictures, [batch, height, width, channels] with a known number of channels. Received: encoder with input shape [${describeShape(pictures.shape)}].`,
    );
  }
  checkHead(projectionHead, dim);
  const models = [encoder, ...(projectionHead === undefined ? [] : [projectionHead])];
  const layers = models.flatMap((model) => model.layers);
  checkBytes(layers);
  const read = await readWeights(layers);

  const graph = new OnnxGraph();
  const images = writeInput(graph, pictures, layout, normalization);
  const h = writeModel({ graph, read, scope: 'encoder/' }, encoder, images);
  graph.output('h', h, ['batch', dim]);
  if (projectionHead !== undefined) {
    const z = writeModel({ graph, read, scope: 'projectionHead/' }, projectionHead, h);
    graph.output('z', z, ['batch', projectionHead.outputs[0]!.shape[1]!]);
  }
  return graph.finish(encoder.name, operatorSet);
}

function checkHead(head: LayersModel | undefined, dim: number): void {
  if (head === undefined) return;
  checkEncoder(head, caller);
  const inputShape = head.inputs[0]!.shape;
  if (inputShape.length !== 2 || inputShape[1] !== dim) {
    throw new ShapeError(
      `${caller}: projectionHead must take what the encoder gives, [batch, ${dim}]. Received: projectionHead with input shape [${describeShape(inputShape)}].`,
    );
  }
}

function describeShape(shape: readonly (number | null)[]): string {
  return shape.map((size) => size ?? 'null').join(',');
}

/** @throws `InvalidOptionError`, before anything is read, when the weights alone are too large for a file. */
function checkBytes(layers: readonly AnyLayer[]): void {
  const weights = [...new Set(layers.flatMap((layer) => layer.weights))];
  const bytes = weights.reduce(
    (total, { shape }) => total + shape.reduce<number>((product, size) => product * size!, 4),
    0,
  );
  if (bytes <= maximumBytes) return;
  throw new InvalidOptionError(
    `${caller}: an ONNX file must be smaller than 2 GiB; save larger weights as safetensors, see stateDict. Received: weights of ${bytes} bytes.`,
  );
}

/** Starts all reads at once: training may continue meanwhile. Each weight is handed out once, then forgotten. */
async function readWeights(layers: readonly AnyLayer[]): Promise<LayerWriter['read']> {
  const weights = [...new Set(layers.flatMap((layer) => layer.weights))];
  const values = (await Promise.all(weights.map((weight) => weight.read().data()))) as Float32Array[];
  const byWeight = new Map(weights.map((weight, index) => [weight, values[index]!]));
  values.length = 0;
  return (weight) => {
    const data = byWeight.get(weight);
    if (data === undefined) {
      throw new InvalidOptionError(
        `${caller}: every layer with weights must be used once. Received: weight ${JSON.stringify(weight.originalName)} twice.`,
      );
    }
    byWeight.delete(weight);
    return data;
  };
}

function writeInput(
  graph: OnnxGraph,
  pictures: SymbolicTensor,
  layout: 'NCHW' | 'NHWC',
  normalization: NormalizeOptions | undefined,
): string {
  const height: Dimension = pictures.shape[1] ?? 'height';
  const width: Dimension = pictures.shape[2] ?? 'width';
  const channels = pictures.shape[3]!;
  let x =
    layout === 'NCHW'
      ? graph.input('images', ['batch', channels, height, width])
      : graph.input('images', ['batch', height, width, channels]);
  if (layout === 'NHWC') x = graph.node('Transpose', 'images.transposed', [x], { perm: [0, 3, 1, 2] });
  if (normalization === undefined) return x;
  normalize(normalization); // throws on a bad mean or standard deviation
  const { mean, std } = normalization;
  if (mean.length !== channels) {
    throw new InvalidOptionError(
      `${caller}: normalization must have one mean and standard deviation per channel, ${channels}. Received: ${mean.length}.`,
    );
  }
  const constant = (name: string, values: readonly number[]) =>
    graph.floats(name, [1, channels, 1, 1], Float32Array.from(values));
  x = graph.node('Sub', 'images.centered', [x, constant('normalization.mean', mean)]);
  return graph.node('Div', 'images.normalized', [x, constant('normalization.std', std)]);
}

/** @returns The name of the model's output in the graph. */
function writeModel(writer: Omit<LayerWriter, 'names'>, model: LayersModel, input: string): string {
  const names = new Map([[model.inputs[0]!, input]]);
  for (const call of layerCalls(caller, model)) writeLayer({ ...writer, names }, call);
  return names.get(model.outputs[0]!)!;
}
