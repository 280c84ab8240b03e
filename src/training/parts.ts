import type { LayersModel } from '@tensorflow/tfjs-layers';
import { normalize, simclrAugmentation, type Transform } from '../augmentations/index.js';
import { checkChoice, checkPositive, describeValue, receivedMessage } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { checkEncoder, projectionHead, resnet18 } from '../models/index.js';
import type { ExtraState } from './extra-state.js';
import type { SimCLROptions } from './options.js';

/** The models of a trainer and what makes its views. */
export interface Parts {
  encoder: LayersModel;
  projectionHead: LayersModel;
  augmentation: Transform<unknown>;
}

const caller = 'SimCLR';

/** @throws {@link InvalidOptionError} on what is wrong by itself, before anything large is made. */
export function checkOptions(options: SimCLROptions): void {
  const { temperature = 0.5, viewBatching = 'joint', seed = 0 } = options;
  checkPositive(caller, 'temperature', temperature);
  checkChoice(caller, 'viewBatching', viewBatching, ['joint', 'separate']);
  // One less than the largest whole number, because the head takes the next one.
  if (!Number.isSafeInteger(seed) || seed < 0 || !Number.isSafeInteger(seed + 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'seed must be a whole number from 0 to 2^53 - 2', 'seed', seed),
    );
  }
  checkMethods(options, 'augmentation', ['sample', 'apply'], 'a transform');
  checkMethods(options, 'optimizer', ['applyGradients'], 'a tfjs optimizer');
  checkMethods(options, 'encoder', ['apply'], 'a tfjs LayersModel');
  checkMethods(options, 'projectionHead', ['apply'], 'a tfjs LayersModel');
  if (options.loss !== undefined && typeof options.loss !== 'function') {
    throw new InvalidOptionError(
      receivedMessage(
        caller,
        'loss must be a function of the projections of both views',
        'loss',
        options.loss,
      ),
    );
  }
  checkExtraState(options.extraState ?? {});
  if (options.normalization) normalize(options.normalization); // refuses a wrong mean or standard deviation
}

function checkExtraState(parts: Record<string, ExtraState>): void {
  for (const [name, part] of Object.entries(parts)) {
    // Names of tensors are made of it, with slashes.
    if (!/^[\w.-]+$/.test(name)) {
      throw new InvalidOptionError(
        receivedMessage(
          caller,
          'names in extraState must be of letters, digits, ".", "_" and "-"',
          'name',
          name,
        ),
      );
    }
    if (typeof part?.capture !== 'function' || typeof part.restore !== 'function') {
      throw new InvalidOptionError(
        receivedMessage(caller, `extraState.${name} must have capture() and restore()`, name, part),
      );
    }
  }
}

function checkMethods(
  options: SimCLROptions,
  argument: keyof SimCLROptions,
  methods: string[],
  what: string,
): void {
  const part: unknown = options[argument];
  if (part === undefined || part === null) return;
  const has = (method: string) => typeof (part as Record<string, unknown> | null)?.[method] === 'function';
  if (!methods.every(has)) {
    throw new InvalidOptionError(receivedMessage(caller, `${argument} must be ${what}`, argument, part));
  }
}

/**
 * Makes the parts that were not given, and checks that all fit together.
 *
 * @throws {@link ShapeError} when they do not; what was made is disposed of then.
 */
export function makeParts(options: SimCLROptions): Parts {
  const { seed = 0 } = options;
  const encoder = options.encoder ?? resnet18({ seed });
  let head = options.projectionHead;
  try {
    const inputDim = checkEncoder(encoder, caller);
    const [height, width, channels] = checkEncoderInput(encoder);
    checkNormalization(options, channels);
    head ??= projectionHead({ inputDim, seed: seed + 1 });
    checkProjectionHead(head, inputDim);
    const augmentation = options.augmentation ?? simclrAugmentation({ size: [height, width] });
    return { encoder, projectionHead: head, augmentation };
  } catch (error) {
    if (!options.encoder) encoder.dispose();
    if (!options.projectionHead) head?.dispose();
    throw error;
  }
}

function checkEncoderInput(encoder: LayersModel): [number, number, number] {
  const { shape } = encoder.inputs[0]!;
  const [, height, width, channels] = shape;
  if (shape.length !== 4 || !height || !width || !channels) {
    const received = shape.map((size) => size ?? 'null').join(',');
    throw new ShapeError(
      `SimCLR: encoder must take pictures of a fixed size, input shape [batch, height, width, channels]. Received: encoder with input shape [${received}].`,
    );
  }
  return [height, width, channels];
}

function checkNormalization({ normalization }: SimCLROptions, channels: number): void {
  if (normalization && normalization.mean.length !== channels) {
    throw new InvalidOptionError(
      `SimCLR: normalization must have one mean and one std for each of the encoder's ${channels} channels. Received: normalization.mean=${describeValue(normalization.mean)}.`,
    );
  }
}

function checkProjectionHead(head: LayersModel, inputDim: number): void {
  const input = head.inputs?.[0]?.shape;
  const output = head.outputs?.[0]?.shape;
  if (input?.length !== 2 || input[1] !== inputDim || output?.length !== 2) {
    const received = (shape?: (number | null)[]) => `[${shape?.map((size) => size ?? 'null')}]`;
    throw new ShapeError(
      `SimCLR: projectionHead must take the encoder's output [N, ${inputDim}] and give [N, D]. ` +
        `Received: projectionHead from ${received(input)} to ${received(output)}.`,
    );
  }
}
