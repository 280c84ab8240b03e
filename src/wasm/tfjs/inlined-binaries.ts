import { env } from '@tensorflow/tfjs-core';
import { noSimd } from '../module/module-binary.js';

/** What this library uses of `@tensorflow/tfjs-backend-wasm`. */
export interface TfjsWasm {
  setThreadsCount(count: number): void;
  setWasmPaths(files: Record<string, string>): void;
  version_wasm: string;
}

const nameOf = (kind: string) => `tfjs-backend-wasm${kind}.wasm`;

/** The compressed binary for this page. Each is a chunk of its own, of which a page loads one. */
const loadBinary = async (shared: boolean) =>
  shared
    ? (await import('./threaded-simd.generated.js')).threadedSimd
    : (await import('./simd.generated.js')).simd;

/** The binary as a file of the page's own. */
async function inflate(gzip: string): Promise<Blob> {
  const bytes = Uint8Array.from(atob(gzip), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream, { headers: { 'Content-Type': 'application/wasm' } }).blob();
}

/**
 * Lets tfjs start from the binaries that this library carries, so that no bundler and no host has to know of its `.wasm`
 * files. Files that are named later by `setWasmPaths`, all three of them, take precedence.
 *
 * @returns A function that starts the backend by `start`.
 */
export function offerBinaries({
  setWasmPaths,
  version_wasm,
}: TfjsWasm): <T>(start: () => Promise<T>) => Promise<T> {
  // tfjs keeps this object, and reads it when the backend starts.
  const files = Object.fromEntries(['', '-simd', '-threaded-simd'].map((kind) => [nameOf(kind), '']));
  setWasmPaths(files);
  return async (start) => {
    const [simd, shared] = await Promise.all(
      ['WASM_HAS_SIMD_SUPPORT', 'WASM_HAS_MULTITHREAD_SUPPORT'].map((flag) => env().getAsync(flag)),
    );
    if (!simd) throw noSimd();
    const { version, gzip } = await loadBinary(shared as boolean);
    if (version !== version_wasm) {
      console.warn(
        `simclr-ts/wasm carries the binaries of @tensorflow/tfjs-backend-wasm ${version}, not of ${version_wasm}: name the ` +
          'files of the installed one with setWasmPaths.',
      );
    }
    const url = URL.createObjectURL(await inflate(gzip));
    files[nameOf(shared ? '-threaded-simd' : '-simd')] = url;
    try {
      return await start();
    } finally {
      URL.revokeObjectURL(url);
    }
  };
}
