import { nodeModule } from '../../backend/host.js';
import { BackendError } from '../../errors/errors.js';
import { plain, relaxed } from './binaries.generated.js';

/** A function with one relaxed multiply-add: engines without relaxed SIMD refuse it. */
const relaxedProbe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0],
  ...[65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 26, 11],
);

/** Whether the engine has fused multiply-add. Node 20 needs a flag, which this sets; it counts for modules compiled later. */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(relaxedProbe)) return true;
  nodeModule('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(relaxedProbe);
}

/** The error of an engine, or a processor, without the vector instructions of the kernels. */
export const noSimd = () =>
  new BackendError(
    'simclr-ts/wasm: its kernels need 128-bit SIMD in WebAssembly, which this engine or its processor lacks. ' +
      'Use a browser from 2023 or newer, Node 20 or newer, or another backend.',
  );

/** @throws `BackendError` when the engine or its processor lacks the vector instructions of the kernels. */
export function checkSimd(binary: Uint8Array<ArrayBuffer>, validate = WebAssembly.validate): void {
  if (!validate(binary)) throw noSimd();
}

/** Width of the kernels: `'wide'` kernels compute tiles of 16 columns, for which V8 can use vectors of 256 bits. */
export type KernelWidth = 'narrow' | 'wide';

/** The wide build, once loaded. */
let wide: string | undefined;

/** Loads the wide build. Most hosts never need it. */
export async function loadWideBinary(): Promise<void> {
  wide ??= (await import('./wide-binary.generated.js')).wide;
}

/** Whether the wide build is loaded. */
export const hasWideBinary = () => wide !== undefined;

const importSection = 2;
/** Limits of the imported memory: shared with 0 to 65,536 pages, or not shared with no maximum. */
const sharedLimits = [3, 0, 128, 128, 4];
const ownLimits = [0, 0];

/** Where the section that starts at `start` ends: a byte with its number, its length in seven bits per byte, its content. */
function endOfSection(binary: Uint8Array, start: number): number {
  let at = start + 1;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = binary[at++]!;
    length |= (byte & 127) << shift;
    if (byte < 128) return at + length;
  }
}

/**
 * The compiled module, for shared memory or memory of its own. It is compiled for shared memory; the other variant differs
 * only in the type of the imported memory, at the end of the import section.
 *
 * @param fused - With fused multiply-add. The wide build always has it.
 * @param width - Tiles of 8 (`'narrow'`) or 16 columns (`'wide'`).
 */
export function moduleBinary({
  fused,
  shared,
  width = 'narrow',
}: {
  fused: boolean;
  shared: boolean;
  width?: KernelWidth;
}): Uint8Array<ArrayBuffer> {
  const text = width === 'wide' ? wide : fused ? relaxed : plain;
  const binary = Uint8Array.from(atob(text!), (character) => character.charCodeAt(0));
  if (shared) return binary;
  let start = 8;
  while (binary[start] !== importSection) start = endOfSection(binary, start);
  // This section is shorter than 128 bytes, so that its length takes one byte.
  const end = start + 2 + binary[start + 1]!;
  if (sharedLimits.some((byte, i) => binary[end - sharedLimits.length + i] !== byte)) {
    throw new Error('simclr-ts/wasm: the compiled module has an unexpected import section.');
  }
  const saved = sharedLimits.length - ownLimits.length;
  const own = new Uint8Array(binary.length - saved);
  own.set(binary.subarray(0, end - sharedLimits.length));
  own[start + 1] = binary[start + 1]! - saved;
  own.set(ownLimits, end - sharedLimits.length);
  own.set(binary.subarray(end), end - saved);
  return own;
}
