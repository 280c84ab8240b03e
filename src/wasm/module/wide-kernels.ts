import { environmentVariable, nodeModule, nodeRelease } from '../../backend/host.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { measureProducts } from './measure-products.js';
import { hasWideBinary, type KernelWidth, loadWideBinary } from './module-binary.js';

/**
 * Releases of Node whose V8 joins vectors of 128 bits to 256 under a flag. An unknown flag would end the process, so
 * later releases are added when they were tried.
 */
const joiningReleases: readonly number[] = [24, 25, 26];
const joinVectors = '--experimental-wasm-revectorize';

/** Wide kernels must be this much faster than narrow ones: without joined vectors they are slower. */
const leastGain = 1.1;

let wanted: 'auto' | KernelWidth = 'auto';
let chosen: KernelWidth | undefined;

/**
 * Chooses between the kernels for vectors of 128 bits and those for 256. Results are the same bit for bit. Call it
 * before the wasm backend starts. The environment variable `SIMCLR_WASM_KERNELS` with the value
 * `narrow`, `wide` or `auto` does the same, where this is not called.
 *
 * @param width - `'auto'` takes the wide kernels on Node 24 to 26 on x64, where a short measurement at the start finds
 * that they give the same values and are faster; `'narrow'` never; `'wide'` always. @defaultValue `'auto'`
 * @throws `InvalidOptionError` when `width` is none of these.
 */
export function setKernelWidth(width: 'auto' | KernelWidth): void {
  wanted = checkWidth('setKernelWidth', 'width', width);
}

function checkWidth(owner: string, name: string, width: string): 'auto' | KernelWidth {
  if (width === 'auto' || width === 'narrow' || width === 'wide') return width;
  throw new InvalidOptionError(
    `${owner}: ${name} must be 'auto', 'narrow' or 'wide'. Received: ${name}=${JSON.stringify(width)}.`,
  );
}

/** What was asked for by the function or, where it was not called, by the environment. */
function wish(): 'auto' | KernelWidth {
  const fromEnvironment = environmentVariable('SIMCLR_WASM_KERNELS');
  if (wanted !== 'auto' || !fromEnvironment) return wanted;
  return checkWidth('simclr-ts/wasm', 'SIMCLR_WASM_KERNELS', fromEnvironment);
}

/** Whether this host's V8 is known to join vectors under its flag. */
function joinsVectors(): boolean {
  const release = nodeRelease();
  return release?.architecture === 'x64' && joiningReleases.includes(release.major);
}

/** Loads the wide kernels where they may be taken. Called while a backend starts. */
export async function prepareKernelWidth(): Promise<void> {
  const width = wish();
  if (width === 'wide' || (width === 'auto' && joinsVectors())) await loadWideBinary();
}

/** The width of the kernels of a backend that computes for the first time. The measurement is made once per process. */
export function takeKernelWidth(): KernelWidth {
  const width = wish();
  if (width === 'narrow' || !hasWideBinary()) return 'narrow';
  // The flag must be set before a module is compiled.
  if (joinsVectors()) nodeModule('node:v8')?.setFlagsFromString(joinVectors);
  if (width === 'wide') return 'wide';
  chosen ??= wideIsFaster() ? 'wide' : 'narrow';
  return chosen;
}

/** Compares both builds by values and by time. */
function wideIsFaster(): boolean {
  const [narrow, wide] = [measureProducts('narrow'), measureProducts('wide')];
  const same = narrow.values.every((value, i) => value === wide.values[i]);
  return same && narrow.milliseconds > leastGain * wide.milliseconds;
}
