import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  conv2d,
  engine,
  env,
  getBackend,
  getKernel,
  ones,
  ready,
  setBackend,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice } from '../../errors/checks.js';
import { BackendError } from '../../errors/errors.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { type BackendCandidate, backendCandidates } from './backend-candidates.js';

/** Options of {@link useBestBackend}. */
export interface UseBestBackendOptions {
  /**
   * The only backend to try: 'tfjs-node-gpu', 'webgpu', 'tfjs-node', 'wasm' or 'cpu'.
   *
   * @defaultValue the fastest
   */
  prefer?: string;
  /**
   * A file of the application (`import.meta.url`) or its folder, from which to resolve packages that the library cannot
   * reach, as in a workspace.
   *
   * @defaultValue the main program, then the working directory
   */
  from?: FilePath;
  /**
   * Called with one sentence that names the chosen backend.
   *
   * @defaultValue none: nothing is printed
   */
  log?: (sentence: string) => void;
}

/** Why a backend was chosen or not. */
export interface BackendReason {
  /** The backend, by the name that `prefer` takes. */
  name: string;
  /** Whether it is the one in use now. */
  taken: boolean;
  /** A description, or why it was not chosen. */
  reason: string;
}

/** Result of {@link useBestBackend}. */
export interface BackendChoice {
  /** The active backend's name in TensorFlow.js: 'tensorflow', 'webgpu', 'wasm' or 'cpu'. */
  backend: string;
  /** Its name here: 'tfjs-node-gpu', 'webgpu', 'tfjs-node', 'wasm' or 'cpu'. */
  name: string;
  /** All candidates, the fastest first. */
  reasons: BackendReason[];
}

/** Kernels without which no encoder can be trained. */
const trainingKernels = ['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput', 'BatchMatMul'];

/** A convolution with a known answer, large enough for several threads. */
async function checkComputes(backend: string): Promise<void> {
  const missing = trainingKernels.filter((kernel) => getKernel(kernel, backend) === undefined);
  if (missing.length > 0) throw new Error(`it lacks what training needs (${missing.join(', ')})`);
  const result = tidy(() =>
    conv2d(ones([1, 66, 66, 2]) as Tensor4D, ones([3, 3, 2, 1]) as Tensor4D, 1, 'valid'),
  );
  try {
    const wrong = (await result.data()).find((value) => value !== 18);
    if (wrong !== undefined) throw new Error(`it computes wrongly (${wrong} instead of 18)`);
  } finally {
    result.dispose();
  }
}

async function attempt(candidate: BackendCandidate, from: string | undefined): Promise<BackendReason> {
  const { name, backend } = candidate;
  // Silence the warnings and advice of TensorFlow.js, which the reasons contain.
  const before = env().getBool('IS_TEST');
  env().set('IS_TEST', true);
  try {
    await candidate.load(from);
    if (!(await setBackend(backend))) throw new Error('it does not start');
    await ready();
    const reason = await candidate.inspect();
    await checkComputes(backend);
    return { name, taken: true, reason };
  } catch (error) {
    return { name, taken: false, reason: (error as Error).message };
  } finally {
    env().set('IS_TEST', before);
  }
}

/** {@link useBestBackend} over any candidates. */
export async function chooseBackend(
  candidates: readonly BackendCandidate[],
  prefer?: string,
  from?: string,
): Promise<BackendChoice> {
  const names = candidates.map(({ name }) => name);
  if (prefer !== undefined) checkChoice('useBestBackend', 'prefer', prefer, names);
  const before = getBackend() as string | undefined;
  const reasons: BackendReason[] = [];
  let taken: BackendCandidate | undefined;
  for (const candidate of candidates) {
    const { name } = candidate;
    if (prefer !== undefined && name !== prefer) {
      reasons.push({ name, taken: false, reason: `${prefer} was asked for` });
    } else if (taken) {
      reasons.push({ name, taken: false, reason: `${taken.name} is faster` });
    } else {
      const outcome = await attempt(candidate, from);
      reasons.push(outcome);
      if (outcome.taken) taken = candidate;
    }
  }
  if (taken) return { backend: taken.backend, name: taken.name, reasons };
  if (before) await setBackend(before);
  if (prefer !== undefined) {
    const { reason } = reasons.find(({ name }) => name === prefer)!;
    throw new BackendError(
      `useBestBackend: prefer must name a backend that works here. Received: prefer=${JSON.stringify(prefer)}, but ${reason}.`,
    );
  }
  const all = reasons.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new BackendError(`useBestBackend: at least one backend must work here. Received: none (${all}).`);
}

/**
 * Activates the fastest backend that works here: TensorFlow with CUDA (`@tensorflow/tfjs-node-gpu`), WebGPU (npm
 * `webgpu` with `@tensorflow/tfjs-backend-webgpu`; software adapters do not count), WebAssembly with this library's
 * training kernels, TensorFlow on the processor (`@tensorflow/tfjs-node`), plain JavaScript.
 *
 * Each is loaded only when its turn comes, and must compute a convolution correctly before it is chosen.
 *
 * @returns The chosen backend, and for each of the others why it was not chosen.
 * @throws `BackendError` when `prefer` names a backend that does not work here, or none works. The backend that was active
 *   before is then active again.
 * @throws `InvalidOptionError` when `prefer` is not a known name.
 * @example
 * const choice = await useBestBackend();
 * console.error(describeBackendChoice(choice));
 */
export async function useBestBackend(options: UseBestBackendOptions = {}): Promise<BackendChoice> {
  checkKeys('useBestBackend', options, { prefer: 1, from: 1, log: 1 });
  const { prefer, from } = options;
  const place = from === undefined ? undefined : lookupPlace(from);
  const choice = await chooseBackend(backendCandidates, prefer, place);
  options.log?.(describeBackendChoice(choice));
  return choice;
}

/** The places to resolve packages from; folders need a slash at the end. */
function lookupPlace(from: FilePath): string {
  const place = resolve(toFileName('useBestBackend', 'from', from));
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() ? join(place, '/') : place;
}

/**
 * Releases the backend's device once all work is done. WebGPU's graphics device can keep a
 * Node process alive; other backends hold nothing. All tensors on the device are lost.
 *
 * @example
 * await useBestBackend();
 * // train, embed, save
 * await releaseBackend();
 */
export async function releaseBackend(): Promise<void> {
  if (!Object.hasOwn(engine().registry, 'webgpu')) return;
  const { releaseWebGPU } = await import('../../webgpu/use-webgpu.js');
  releaseWebGPU();
}

/**
 * Describes a choice of backend in one sentence.
 *
 * @example
 * describeBackendChoice(choice);
 * //=> 'Using wasm (WebAssembly on the processor, 2 threads, vectors of 128 bits); not tfjs-node-gpu (@tensorflow/tfjs-node-gpu is not installed), ...'
 */
export function describeBackendChoice(choice: BackendChoice): string {
  const taken = choice.reasons.find((reason) => reason.taken);
  const others = choice.reasons.filter((reason) => !reason.taken && !reason.reason.endsWith('is faster'));
  const using = `Using ${choice.name} (${taken?.reason})`;
  if (others.length === 0) return `${using}.`;
  return `${using}; not ${others.map(({ name, reason }) => `${name} (${reason})`).join(', ')}.`;
}
