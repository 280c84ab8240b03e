import { environmentVariable, nodeModule, nodeRelease } from '../../backend/host.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { measureProducts } from './measure-products.js';
import { hasWideBinary, type KernelWidth, loadWideBinary } from './module-binary.js';

/**
 * Releases of Node whose V8 can fuse vectors of 128 bits to 256, with a flag. An unknown flag would end the process, so add a
 * release only after trying it.
 */
const releasesWithFlag: readonly number[] = [24, 25, 26];
const fuseVectorsFlag = '--experimental-wasm-revectorize';

/** How much faster wide kernels must be to be chosen. Without fused vectors they are slower. */
const minSpeedup = 1.1;

let requested: 'auto' | KernelWidth = 'auto';
let measured: ChosenWidth | undefined;

/**
 * Chooses between kernels for vectors of 128 bits (narrow) and of 256 bits (wide). Results are the same bit for bit. Call it
 * before the wasm backend starts. Without a call, the environment variable `SIMCLR_WASM_KERNELS` (`narrow`, `wide` or
 * `auto`) decides.
 *
 * @param width - `'auto'` uses the wide kernels on Node 24 to 26 on x64, if a short measurement at the start shows that they
 * give the same values and are faster; `'narrow'` never uses them; `'wide'` always does. @defaultValue `'auto'`
 * @throws `InvalidOptionError` when `width` is none of these.
 */
export function setKernelWidth(width: 'auto' | KernelWidth): void {
  requested = checkWidth('setKernelWidth', 'width', width);
}

function checkWidth(owner: string, name: string, width: string): 'auto' | KernelWidth {
  if (width === 'auto' || width === 'narrow' || width === 'wide') return width;
  throw new InvalidOptionError(
    `${owner}: ${name} must be 'auto', 'narrow' or 'wide'. Received: ${name}=${JSON.stringify(width)}.`,
  );
}

/** The width requested by {@link setKernelWidth} or, without a call, by the environment. */
function requestedWidth(): 'auto' | KernelWidth {
  const fromEnvironment = environmentVariable('SIMCLR_WASM_KERNELS');
  if (requested !== 'auto' || !fromEnvironment) return requested;
  return checkWidth('simclr-ts/wasm', 'SIMCLR_WASM_KERNELS', fromEnvironment);
}

/** Whether this host's V8 is known to fuse vectors when the flag is set. */
function canFuseVectors(): boolean {
  const release = nodeRelease();
  return release?.architecture === 'x64' && releasesWithFlag.includes(release.major);
}

/** Loads the wide kernels if they may be used. Called while a backend starts. */
export async function prepareKernelWidth(): Promise<void> {
  const width = requestedWidth();
  if (width === 'wide' || (width === 'auto' && canFuseVectors())) await loadWideBinary();
}

/** Which kernels run, and why. */
export interface ChosenWidth {
  width: KernelWidth;
  /** Part of a sentence. */
  reason: string;
}

/** The width of the kernels, for a backend that computes for the first time. Measures once per process. */
export function takeKernelWidth(): ChosenWidth {
  const width = requestedWidth();
  if (width === 'narrow') return { width, reason: 'they were asked for' };
  if (!hasWideBinary()) {
    return {
      width: 'narrow',
      reason: 'this engine is not known to fuse vectors, or the backend started before',
    };
  }
  // The flag must be set before a module is compiled.
  if (canFuseVectors()) nodeModule('node:v8')?.setFlagsFromString(fuseVectorsFlag);
  if (width === 'wide') return { width, reason: 'they were asked for' };
  measured ??= measureWidth();
  return measured;
}

/** Wide, if the wide build gives the same values and is faster. */
function measureWidth(): ChosenWidth {
  const [narrow, wide] = [measureProducts('narrow'), measureProducts('wide')];
  if (!narrow.values.every((value, i) => value === wide.values[i])) {
    return { width: 'narrow', reason: 'the wide ones gave other values' };
  }
  const speedup = narrow.milliseconds / wide.milliseconds;
  const reason = `the wide ones are ${speedup.toFixed(2)} times as fast`;
  return { width: speedup > minSpeedup ? 'wide' : 'narrow', reason };
}
