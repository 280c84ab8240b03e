import { nodeModule } from '../../backend/host.js';
import { BackendError } from '../../errors/errors.js';
import { plain, relaxed } from './binaries.generated.js';

/** A function with one relaxed multiply-add: engines without relaxed SIMD refuse it. */
const relaxedProbe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0],
  ...[65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 26, 11],
);

/** Whether the engine fuses multiply and add. Node 20 does when told to, before the module is compiled. */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(relaxedProbe)) return true;
  nodeModule('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(relaxedProbe);
}

/** @throws `BackendError` when the engine or its processor lacks the vector instructions of the kernels. */
export function checkSimd(binary: Uint8Array<ArrayBuffer>, validate = WebAssembly.validate): void {
  if (validate(binary)) return;
  throw new BackendError(
    'simclr-ts/wasm: its kernels need 128-bit SIMD of WebAssembly, which this engine or its processor lacks; ' +
      'take a browser of 2023 or newer, Node 20 or newer, or another backend.',
  );
}

/** Which kernels: `'wide'` ones work on tiles of 16 columns, which V8 can compute in vectors of 256 bits. */
export type KernelWidth = 'narrow' | 'wide';

/** The wide build, once it is loaded. */
let wide: string | undefined;

/** Loads the wide build, which most hosts never need. */
export async function loadWideBinary(): Promise<void> {
  wide ??= (await import('./wide-binary.generated.js')).wide;
}

/** Whether the wide build is there. */
export const hasWideBinary = () => wide !== undefined;

const importSection = 2;
/** Limits of the imported memory: shared, from 0 to 65,536 pages; and, not shared, from 0 without end. */
const sharedLimits = [3, 0, 128, 128, 4];
const ownLimits = [0, 0];

/**
 * The compiled module, for a memory that is shared or not. It was compiled for a shared one; but for the type of the
 * memory that it imports, which stands at the end of its import section, the other is the same.
 *
 * @param fused - With fused multiply-add. The wide build always has it.
 * @param width - Columns of the products' tiles: 8 or 16.
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
  // Sections before it are shorter than 128 bytes, as it is: their length is one byte.
  let start = 8;
  while (binary[start] !== importSection) start += 2 + binary[start + 1]!;
  const end = start + 2 + binary[start + 1]!;
  if (sharedLimits.some((byte, i) => binary[end - sharedLimits.length + i] !== byte)) {
    throw new Error('simclr-ts/wasm: its compiled module is not as it was built.');
  }
  const saved = sharedLimits.length - ownLimits.length;
  const own = new Uint8Array(binary.length - saved);
  own.set(binary.subarray(0, end - sharedLimits.length));
  own[start + 1] = binary[start + 1]! - saved;
  own.set(ownLimits, end - sharedLimits.length);
  own.set(binary.subarray(end), end - saved);
  return own;
}
