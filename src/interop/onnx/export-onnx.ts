import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions } from '../../augmentations/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { describeShape } from '../../models/check-encoder.js';
import { checkEncoder } from '../../models/index.js';
import { type AnyLayer, layerCalls } from '../../models/layer-graph.js';
import { checkNormalization, checkPictures, weightsMetadata } from '../weights-metadata.js';
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
  /**
   * Width of the weights and of what is computed: `'float16'` halves the file, and h then agrees to about three digits.
   * Inputs and outputs are float32 either way.
   * @defaultValue `'float32'`
   */
  precision?: 'float32' | 'float16';
  /**
   * Whether pictures must have the encoder's size or may have `'any'` height and width. Networks that end in a global pool
   * can take any.
   * @defaultValue `'fixed'`
   */
  pictureSize?: 'fixed' | 'any';
  /**
   * Names of input and outputs.
   * @defaultValue `{ images: 'images', h: 'h', z: 'z' }`
   */
  names?: {
    /** Of the pictures. */
    images?: string;
    /** Of the representations. */
    h?: string;
    /** Of the projections, if there is a head. */
    z?: string;
  };
  /**
   * Further texts for the file's metadata. They replace those of {@link weightsMetadata} that have the same key.
   * @defaultValue none
   */
  metadata?: Readonly<Record<string, string>>;
}

const caller = 'exportONNX';
const operatorSet = 17;

/** Protocol Buffers limits messages to 2 GiB. */
const maximumBytes = 2 ** 31 - 1;

/**
 * Writes an encoder as an ONNX file, for onnxruntime and others: operator set 17, any batch size.
 *
 * The input 'images' is float32 in [0, 1], the output 'h' is `[batch, dim]`. Batch normalization uses the running
 * statistics, as in inference. The file's metadata are those of {@link weightsMetadata}, and `normalizationIncluded`, which
 * says whether the graph normalizes.
 *
 * Layers that can be exported: all of `resnet18`, `resnet34`, `resnet50`, `mobileNetV2` and `projectionHead`,
 * and of tfjs-layers Conv2D, DepthwiseConv2D, BatchNormalization, ZeroPadding2D, MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D,
 * GlobalMaxPooling2D, Dense, Flatten, Add, Concatenate, ReLU, Dropout, and Activation of relu, relu6, sigmoid or tanh.
 *
 * @param encoder - Model from `[batch, height, width, channels]` to `[batch, dim]`.
 * @param options - See {@link ExportONNXOptions}.
 * @returns The whole file.
 * @throws `InvalidOptionError` when a layer, which it names, cannot be exported, an option is outside its domain, or
 * the weights take 2 GiB or more; with `pictureSize: 'any'` also when a layer needs the encoder's size.
 * @throws `ValueRangeError` when a weight is too large for `'float16'`, whose largest number is 65504.
 * @throws `ShapeError` unless the encoder maps pictures to vectors that the head takes.
 * @example
 * const file = await exportONNX(simclr.encoder, { projectionHead: simclr.projectionHead });
 * @see https://onnx.ai/onnx/operators/
 */
export async function exportONNX(
  encoder: LayersModel,
  options: ExportONNXOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkKeys('exportONNX', options, {
    projectionHead: 1,
    layout: 1,
    normalization: 1,
    precision: 1,
    pictureSize: 1,
    names: 1,
    metadata: 1,
  });
  const { projectionHead, layout = 'NCHW', normalization } = options;
  const { precision = 'float32', pictureSize = 'fixed' } = options;
  checkChoice(caller, 'layout', layout, ['NCHW', 'NHWC']);
  checkChoice(caller, 'precision', precision, ['float32', 'float16']);
  checkChoice(caller, 'pictureSize', pictureSize, ['fixed', 'any']);
  const names = checkNames(options.names);
  const metadata = checkMetadata(options.metadata);
  const dim = checkEncoder(encoder, caller);
  const pictures = encoder.inputs[0]!;
  const [, , , channels] = checkPictures(caller, encoder);
  if (normalization !== undefined) checkNormalization(caller, normalization, channels);
  checkHead(projectionHead, dim);
  const models = [encoder, ...(projectionHead === undefined ? [] : [projectionHead])];
  const layers = models.flatMap((model) => model.layers);
  checkBytes(layers);
  const read = await readWeights(layers);

  const graph = new OnnxGraph(precision);
  const anySize = pictureSize === 'any';
  const images = writeInput(graph, pictures, { layout, normalization, anySize, name: names.images });
  const writer = { graph, read, anySize };
  const h = writeModel({ ...writer, scope: 'encoder/' }, encoder, images);
  graph.output(names.h, h, ['batch', dim]);
  if (projectionHead !== undefined) {
    const z = writeModel({ ...writer, scope: 'projectionHead/' }, projectionHead, h);
    graph.output(names.z, z, ['batch', projectionHead.outputs[0]!.shape[1]!]);
  }
  return graph.finish(encoder.name, operatorSet, {
    ...weightsMetadata(encoder, normalization ? { normalization } : {}),
    normalizationIncluded: String(normalization !== undefined),
    precision,
    ...metadata,
  });
}

function checkMetadata(metadata: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue;
    throw new InvalidOptionError(
      receivedMessage(caller, 'metadata must be an object of strings', `metadata.${key}`, value),
    );
  }
  return metadata;
}

/** The names with their defaults. Slashes are in those of layers, which they must not meet. */
function checkNames(given: ExportONNXOptions['names'] = {}): { images: string; h: string; z: string } {
  checkKeys(caller, given, { images: 1, h: 1, z: 1 }, 'names');
  const names = { images: given.images ?? 'images', h: given.h ?? 'h', z: given.z ?? 'z' };
  for (const [key, name] of Object.entries(names)) {
    if (typeof name !== 'string' || !/^[A-Za-z_]\w*$/.test(name)) {
      const expected = `names.${key} must be letters, digits and underscores, a digit not first`;
      throw new InvalidOptionError(receivedMessage(caller, expected, `names.${key}`, name));
    }
  }
  if (new Set(Object.values(names)).size < 3) {
    throw new InvalidOptionError(
      `${caller}: names must differ. Received: ${Object.values(names).map((name) => JSON.stringify(name))}.`,
    );
  }
  return names;
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

interface InputOptions {
  layout: 'NCHW' | 'NHWC';
  normalization: NormalizeOptions | undefined;
  anySize: boolean;
  name: string;
}

function writeInput(
  graph: OnnxGraph,
  pictures: SymbolicTensor,
  { layout, normalization, anySize, name }: InputOptions,
): string {
  const height: Dimension = (anySize ? null : pictures.shape[1]) ?? 'height';
  const width: Dimension = (anySize ? null : pictures.shape[2]) ?? 'width';
  const channels = pictures.shape[3]!;
  let x =
    layout === 'NCHW'
      ? graph.input(name, ['batch', channels, height, width])
      : graph.input(name, ['batch', height, width, channels]);
  if (layout === 'NHWC') x = graph.node('Transpose', `${name}.transposed`, [x], { perm: [0, 3, 1, 2] });
  if (normalization === undefined) return x;
  const { mean, std } = normalization;
  const constant = (name: string, values: readonly number[]) =>
    graph.floats(name, [1, channels, 1, 1], Float32Array.from(values));
  x = graph.node('Sub', `${name}.centered`, [x, constant('normalization.mean', mean)]);
  return graph.node('Div', `${name}.normalized`, [x, constant('normalization.std', std)]);
}

/** @returns The name of the model's output in the graph. */
function writeModel(writer: Omit<LayerWriter, 'names'>, model: LayersModel, input: string): string {
  const names = new Map([[model.inputs[0]!, input]]);
  for (const call of layerCalls(caller, model)) writeLayer({ ...writer, names }, call);
  return names.get(model.outputs[0]!)!;
}
