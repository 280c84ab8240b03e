import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice, receivedMessage } from '../errors/checks.js';
import { CheckpointError, InvalidOptionError, ValueRangeError } from '../errors/errors.js';
import {
  getTorchvisionWeights,
  PaddedConv2D,
  setTorchvisionWeights,
  torchvisionWeights,
} from '../models/index.js';
import { type TorchvisionNetwork, torchvisionNetwork } from '../models/torchvision-names.js';
import { type HeadWeight, headWeights, readHeadWeight, writeHeadWeight } from './head-weights.js';
import { checkHalf } from './safetensors/check-half.js';
import { checkShape, entriesOf, type NamedTensors } from './safetensors/safetensors.js';
import { quoted } from './safetensors/safetensors-header.js';
import { type StateTensor, type StateTensorInput, typeOfArray } from './safetensors/tensor-types.js';
import {
  type EncoderPlace,
  findEncoders,
  formatNames,
  formats,
  fromTorchvisionName,
  onlyPlace,
  prefixesBefore,
  type StateDictFormat,
  toTorchvisionName,
} from './state-dict-names.js';

const builders = 'resnet18, resnet34, resnet50, mobileNetV2 or projectionHead';

/** Options of {@link loadStateDict}. */
export interface LoadStateDictOptions {
  /**
   * Naming of the tensors. `'auto'` finds the network by its names under any prefix.
   * @defaultValue `'auto'`
   */
  format?: 'auto' | StateDictFormat;
  /**
   * Prefix of the names of this model's weights, such as `'module.encoder_q.'`.
   * @defaultValue that of the format; with 'auto', the only prefix under which such a network is found
   */
  prefix?: string;
}

/** Result of {@link loadStateDict}. */
export interface LoadedStateDict {
  /** Prefix of the names of the loaded weights. */
  prefix: string;
  /** Names of tensors that were not loaded: classifiers, heads, other networks. */
  ignored: string[];
}

/** Options of {@link stateDict}. */
export interface StateDictOptions {
  /**
   * Naming of the tensors.
   * @defaultValue `'torchvision'`
   */
  format?: StateDictFormat;
  /**
   * Prefix of the names.
   * @defaultValue that of the format, see {@link StateDictFormat}; '' if it has none
   */
  prefix?: string;
  /**
   * Type that `writeSafetensors` gives the weights in the file. The returned arrays are float32 either way.
   * @defaultValue `'float32'`
   */
  precision?: 'float32' | 'float16';
}

/** The weights that a model needs, and their names in a state dict. */
interface RequiredTensors {
  needed: readonly { name: string; shape: readonly number[] }[];
  /** Names in the state dict by names in the model. */
  own: ReadonlyMap<string, string>;
  /** Converts a name in the model into the name in the state dict. */
  theirName: (name: string) => string;
}

/**
 * Loads weights from PyTorch into a ResNet, a MobileNet or a projection head: those of torchvision, timm, lightly and
 * solo-learn, and any with the same names under another prefix. The MobileNet must be torchvision's.
 *
 * Everything is checked before the first weight changes. Each weight of the model must be present, and no other weights
 * may be in its part of the network.
 *
 * @param model - A model of `resnet18`, `resnet34`, `resnet50`, `mobileNetV2` or `projectionHead`. Build it like
 * the original, including its stem: different strides or padding do not change any shape, so no check finds them.
 * @param tensors - Tensors by name, as from {@link readSafetensors}: kernels `[outputs, inputs, height, width]`,
 * matrices `[outputs, inputs]`. Floating-point numbers of any width.
 * @param options - See {@link LoadStateDictOptions}.
 * @returns The prefix of the weights, and what was ignored.
 * @throws `CheckpointError` when there is no such network or more than one, or weights are missing, unexpected or of
 * another shape or type. It lists all of them.
 * @throws `ValueRangeError` when a value is NaN or infinite.
 * @throws `ShapeError` when an array and its shape differ.
 * @throws `InvalidOptionError` when the model is not one of those, or an option is outside its domain.
 * @example
 * const { tensors } = readSafetensors(bytes);
 * loadStateDict(encoder, tensors);
 */
export function loadStateDict(
  model: LayersModel,
  tensors: NamedTensors<StateTensorInput>,
  options: LoadStateDictOptions = {},
): LoadedStateDict {
  const caller = 'loadStateDict';
  checkKeys(caller, options, { format: 1, prefix: 1 });
  const { format = 'auto', prefix } = options;
  checkChoice(caller, 'format', format, ['auto', ...formatNames]);
  checkPrefix(caller, prefix);
  const given = new Map(entriesOf(caller, tensors));
  const names = new Set(given.keys());
  const head = partsOf(caller, model);

  if (head === undefined) {
    const place = encoderPlace(caller, networkOf(caller, model), names, format, prefix);
    const sorted = sortNames(names, (name) => toTorchvisionName(name, place));
    const shortcut = [...names].some((name) => name.includes('.shortcut.')) ? 'shortcut' : 'downsample';
    const theirName = (name: string) => fromTorchvisionName(name, { ...place, shortcut });
    const data = checkTensors(model, { needed: torchvisionWeights(model), theirName, ...sorted }, given);
    setTorchvisionWeights(model, ({ name }) => data.get(name)!);
    return { prefix: place.prefix, ignored: sorted.ignored };
  }
  const place = headPlace(given, names, format, prefix);
  const sorted = sortNames(names, (name) => {
    const rest = name.startsWith(place.prefix) ? name.slice(place.prefix.length) : '';
    return /^\d+\./.test(rest) ? rest : undefined;
  });
  const theirName = (name: string) => place.prefix + name;
  const data = checkTensors(model, { needed: head, theirName, ...sorted }, given);
  for (const { name, variable } of head) {
    if (variable === undefined && data.get(name)!.some((value) => value !== 0)) {
      throw new CheckpointError(
        `${caller}: ${quoted(place.prefix + name)} must be 0, because the head normalizes without an offset there; build it with batchNormalization: { output: 'full' }. Received: other values.`,
      );
    }
  }
  for (const weight of head) writeHeadWeight(weight, data.get(weight.name)!);
  return { prefix: place.prefix, ignored: sorted.ignored };
}

/**
 * Returns the weights of a ResNet, a MobileNet or a projection head with the names of a PyTorch package, for {@link
 * writeSafetensors}.
 *
 * Includes the counters `num_batches_tracked` (0), so that `load_state_dict` misses nothing but classifiers.
 *
 * @param model - A model of `resnet18`, `resnet34`, `resnet50`, `mobileNetV2` or `projectionHead`.
 * @param options - See {@link StateDictOptions}.
 * @returns Copies of the weights by name, in PyTorch's order: float32, with int64 counters.
 * @throws `InvalidOptionError` when the model is not one of those, or an option is outside its domain.
 * @throws `ValueRangeError` when a weight is too large for `'float16'`, whose largest number is 65504.
 * @example
 * const file = writeSafetensors(await stateDict(encoder, { format: 'lightly' }));
 */
export async function stateDict(
  model: LayersModel,
  options: StateDictOptions = {},
): Promise<Map<string, StateTensor>> {
  const caller = 'stateDict';
  checkKeys(caller, options, { format: 1, prefix: 1, precision: 1 });
  const { format = 'torchvision', precision = 'float32' } = options;
  checkChoice(caller, 'format', format, formatNames);
  checkChoice(caller, 'precision', precision, ['float32', 'float16']);
  checkPrefix(caller, options.prefix);
  const head = partsOf(caller, model);
  const names = formats[format];
  const result = new Map<string, StateTensor>();
  const put = (name: string, shape: readonly number[], data: Float32Array) => {
    if (precision === 'float16') checkHalf(caller, name, data);
    result.set(name, { dtype: precision === 'float16' ? 'F16' : 'F32', shape, data });
    if (!name.endsWith('.running_var')) return;
    const counter = name.replace(/running_var$/, 'num_batches_tracked');
    result.set(counter, { dtype: 'I64', shape: [], data: new BigInt64Array(1) });
  };
  if (head !== undefined) {
    const prefix = options.prefix ?? names.headPrefix;
    const values = await Promise.all(head.map(readHeadWeight));
    for (const [index, { name, shape }] of head.entries()) put(prefix + name, shape, values[index]!);
    return result;
  }
  checkFormat(caller, networkOf(caller, model), format);
  const place = { ...names, prefix: options.prefix ?? names.encoderPrefix };
  const values = await getTorchvisionWeights(model);
  for (const { name, shape } of torchvisionWeights(model)) {
    put(fromTorchvisionName(name, place), shape, values.get(name)!);
  }
  return result;
}

/** The weights of a projection head, or undefined for an encoder. */
function partsOf(caller: string, model: LayersModel): HeadWeight[] | undefined {
  const layers = Array.isArray(model?.layers) ? model.layers : [];
  const isEncoder = layers.some((layer) => layer.getClassName() === PaddedConv2D.className);
  const head = isEncoder || layers.length === 0 ? undefined : headWeights(model);
  if (!isEncoder && head === undefined) {
    throw new InvalidOptionError(
      receivedMessage(caller, `model must come from ${builders}`, 'model', model?.name ?? model),
    );
  }
  return head;
}

function networkOf(caller: string, model: LayersModel): TorchvisionNetwork {
  const found = torchvisionNetwork(model);
  if (found) return found.network;
  throw new InvalidOptionError(
    receivedMessage(caller, `model must come from ${builders}`, 'model', model.name),
  );
}

/** @throws `InvalidOptionError` when the package of a format has no such network. */
function checkFormat(caller: string, network: TorchvisionNetwork, format: StateDictFormat): void {
  if (network === 'MobileNetV2') checkChoice(caller, 'format of a MobileNet', format, ['torchvision']);
}

function encoderPlace(
  caller: string,
  network: TorchvisionNetwork,
  names: ReadonlySet<string>,
  format: 'auto' | StateDictFormat,
  prefix: string | undefined,
): EncoderPlace {
  if (format === 'auto') return onlyPlace(network, findEncoders(network, names), names, prefix);
  checkFormat(caller, network, format);
  const { encoderPrefix, modules } = formats[format];
  return { network, prefix: prefix ?? encoderPrefix, modules };
}

function headPlace(
  given: ReadonlyMap<string, StateTensorInput>,
  names: ReadonlySet<string>,
  format: 'auto' | StateDictFormat,
  prefix: string | undefined,
): { prefix: string } {
  if (format !== 'auto') return { prefix: prefix ?? formats[format].headPrefix };
  const found = prefixesBefore('0.weight', names)
    .filter((before) => given.get(`${before}0.weight`)?.shape?.length === 2)
    .map((before) => ({ prefix: before }));
  return onlyPlace('projection head', found, names, prefix);
}

/**
 * Splits names into those of this network, by their names in the model, and all others. Ignores counters of batches.
 */
function sortNames(names: ReadonlySet<string>, ownName: (name: string) => string | undefined) {
  const own = new Map<string, string>();
  const ignored: string[] = [];
  for (const name of names) {
    const ours = ownName(name);
    if (ours === undefined) ignored.push(name);
    else if (!ours.endsWith('.num_batches_tracked')) own.set(ours, name);
  }
  return { own, ignored };
}

/** @returns Values by names in the model. */
function checkTensors(
  model: LayersModel,
  { needed, own, theirName }: RequiredTensors,
  given: ReadonlyMap<string, StateTensorInput>,
): Map<string, Float32Array | Float64Array> {
  const caller = 'loadStateDict';
  const missing = needed.filter(({ name }) => !own.has(name)).map(({ name }) => theirName(name));
  const expected = new Set(needed.map(({ name }) => name));
  const unexpected = [...own].filter(([name]) => !expected.has(name)).map(([, theirs]) => theirs);
  const misfits: string[] = [];
  const data = new Map<string, Float32Array | Float64Array>();
  for (const { name, shape } of needed) {
    const theirs = own.get(name);
    if (theirs === undefined) continue;
    const tensor = given.get(theirs)!;
    checkShape(caller, theirs, tensor?.data?.length, tensor?.shape);
    const type = typeOfArray(tensor.data);
    if (type !== 'F32' && type !== 'F64')
      misfits.push(`${theirs} (needs floats, has ${tensor.dtype ?? type})`);
    else if (
      tensor.shape.length !== shape.length ||
      shape.some((size, axis) => size !== tensor.shape[axis])
    ) {
      misfits.push(`${theirs} (needs [${shape}], has [${tensor.shape}])`);
    } else data.set(name, tensor.data as Float32Array | Float64Array);
  }
  const complaints = [
    describe('missing', missing),
    describe('unexpected', unexpected),
    describe('of another shape or type', misfits),
  ].filter((text) => text !== '');
  if (complaints.length > 0) {
    throw new CheckpointError(
      `${caller}: tensors must be those of the model ${quoted(model.name)}; was it built with the same depth, width and stem? Received: ${complaints.join('; ')}.`,
    );
  }
  for (const [name, values] of data) {
    const wrong = values.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (wrong >= 0) {
      throw new ValueRangeError(
        `${caller}: values must be finite float32 numbers. Received: ${values[wrong]} in ${quoted(own.get(name)!)}.`,
      );
    }
  }
  return data;
}

function describe(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 10).join(', ');
  return `${names.length} ${what}: ${shown}${names.length > 10 ? ', ...' : ''}`;
}

function checkPrefix(caller: string, prefix: string | undefined): void {
  if (prefix !== undefined && typeof prefix !== 'string') {
    throw new InvalidOptionError(receivedMessage(caller, 'prefix must be a string', 'prefix', prefix));
  }
}
