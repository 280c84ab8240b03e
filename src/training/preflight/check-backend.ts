import { backend, getBackend, ready } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Transform } from '../../augmentations/index.js';
import { describeGradients, describeKernels } from '../../backend/describe-kernels.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import type { ViewLoss } from '../../losses/index.js';
import { type ContrastiveLoss, toViewLoss } from '../options/to-view-loss.js';
import { describeValues } from './describe-values.js';
import { Needs } from './observe.js';
import { halfPrecision, tooLarge, twoCores } from './obstacles.js';
import { probeStep } from './probe-step.js';
import { probeValues, type WrongValue } from './probe-values.js';

/** What a step is made of; a trainer has the parts under these names. */
export interface CheckBackendOptions {
  /** f. @defaultValue none: only the operations that every encoder needs are tried */
  encoder?: LayersModel | undefined;
  /** g. @defaultValue none */
  projectionHead?: LayersModel | undefined;
  /** What compares the views. @defaultValue none */
  loss?: ViewLoss | ContrastiveLoss | undefined;
  /** What makes the views: one transform, or one per view. @defaultValue none */
  augmentation?: Transform<unknown> | readonly Transform<unknown>[] | undefined;
  /** As of the trainer. @defaultValue `'joint'` */
  viewBatching?: 'joint' | 'separate' | undefined;
  /**
   * Pictures that go through the encoder at a time, all views of them together: checked against the largest texture or
   * buffer of the machine.
   *
   * @defaultValue not checked
   */
  images?: number | undefined;
}

/** What {@link checkBackend} found. */
export interface BackendCheck {
  /** Whether a step can be taken and its values are right. */
  ok: boolean;
  /** The active backend's name in TensorFlow.js; empty where there is none. */
  backend: string;
  /** Kernels that the step needs and the backend has. */
  kernels: string[];
  /** Kernels whose gradient the step needs and tfjs has. */
  gradients: string[];
  /** Kernels that the step needs and the backend lacks. */
  missingKernels: string[];
  /** Kernels whose gradient the step needs and that have none. */
  missingGradients: string[];
  /** Operations that the backend computes wrongly. */
  wrongValues: WrongValue[];
  /** One sentence: that all is well, or what is not and what helps. */
  message: string;
}

/**
 * Whether the active backend can train: tries the operations of every encoder on pictures of 4x4 pixels against
 * PyTorch's values, and goes once through a step of the parts given, with two tiny pictures, for the kernels and
 * gradients that it needs. Nothing of the parts is changed, and nothing is thrown: the answer says what is missing and
 * who has it. `fit` asks once for each trainer and backend.
 *
 * @param options - The parts of the step; a trainer is taken as it is.
 * @returns What was found. It also tells of two copies of tfjs-core, of 16-bit floats, of pictures too many for the
 * machine's textures or buffers, and of a backend that does not start.
 * @throws {@link InvalidOptionError} when `images` is not an integer >= 1.
 * @example
 * const check = await checkBackend({ encoder, projectionHead, loss: ntXentLoss });
 * if (!check.ok) console.error(check.message);
 */
export async function checkBackend(options: CheckBackendOptions = {}): Promise<BackendCheck> {
  if (!isTrainer(options)) {
    checkKeys('checkBackend', options, {
      encoder: 1,
      projectionHead: 1,
      loss: 1,
      augmentation: 1,
      viewBatching: 1,
      images: 1,
    });
  }
  const { encoder, projectionHead, augmentation, images } = options;
  if (images !== undefined) checkInteger('checkBackend', 'images', images);
  const unable = await startBackend();
  if (unable !== undefined) return result('', new Needs(), [], [unable]);
  const name = getBackend();
  const needs = new Needs();
  const problems: string[] = [];
  const models = [encoder, projectionHead].filter((model) => model !== undefined);
  if (encoder) {
    const loss = options.loss ? toViewLoss(options.loss) : undefined;
    const augmentations = augmentation === undefined ? [] : ([augmentation].flat() as Transform<unknown>[]);
    const { viewBatching } = options;
    probeStep({ encoder, projectionHead, viewBatching, loss, augmentations }, needs);
  }
  // Beside an encoder its own needs count: one without convolutions can do without their gradients.
  const wrong = await probeValues(encoder ? new Needs() : needs);
  const own = (problem: string | undefined) => {
    if (problem !== undefined) problems.push(`the active backend '${name}' ${problem}`);
  };
  if (needs.missingKernels.size > 0) own(describeKernels(name, [...needs.missingKernels].sort()));
  if (needs.missingGradients.size > 0) {
    problems.push(describeGradients([...needs.missingGradients].sort(), needs.layerOf));
  }
  if (wrong.length > 0) own(describeValues(name, wrong));
  own(await halfPrecision());
  const others = [twoCores(models), encoder && images !== undefined ? tooLarge(encoder, images) : undefined];
  problems.push(...others.filter((problem) => problem !== undefined));
  return result(name, needs, wrong, problems);
}

/** A trainer has more than the parts that are looked at. */
function isTrainer(options: object): boolean {
  return typeof (options as { trainStep?: unknown } | null)?.trainStep === 'function';
}

/** Waits for a backend that is starting; says why where there is none. */
async function startBackend(): Promise<string | undefined> {
  try {
    await ready();
    backend();
    return undefined;
  } catch (error) {
    return `no backend of TensorFlow.js is active: import one, such as 'simclr-ts/wasm', choose it and wait until it is ready (${(error as Error).message.split('\n')[0]})`;
  }
}

function result(
  backendName: string,
  needs: Needs,
  wrongValues: WrongValue[],
  problems: string[],
): BackendCheck {
  const sentence = problems.length === 0 ? `The backend '${backendName}' can train` : problems.join('; ');
  return {
    ok: problems.length === 0,
    backend: backendName,
    kernels: [...needs.kernels].sort(),
    gradients: [...needs.gradients].sort(),
    missingKernels: [...needs.missingKernels].sort(),
    missingGradients: [...needs.missingGradients].sort(),
    wrongValues,
    message: `${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`,
  };
}
