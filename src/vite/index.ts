/**
 * Threads of `simclr-ts/wasm` in Vite, without further configuration.
 *
 * @module
 */
import type { Plugin } from 'vite';
import { checkKeys } from '../errors/check-keys.js';

/** Options of {@link simclr}. */
export interface SimCLRPluginOptions {
  /**
   * Whether `vite dev` and `vite preview` make pages cross-origin isolated, which threads need. Your own host has to send
   * the two headers, too.
   *
   * @defaultValue `true`
   */
  isolate?: boolean;
}

/** With these headers a page may share memory with threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Plugin for Vite: isolates pages, so that they have threads, has workers be modules, which `simclr-ts/wasm` needs, and
 * prepares the library before the first page asks for it.
 *
 * @example
 * // vite.config.js
 * import { simclr } from 'simclr-ts/vite';
 * export default { plugins: [simclr()] };
 */
export function simclr(options: SimCLRPluginOptions = {}): Plugin[] {
  checkKeys('simclr', options, { isolate: 1 });
  const headers = options.isolate === false ? {} : isolation;
  return [
    {
      name: 'simclr-ts',
      config: () => ({
        build: { target: 'es2022' },
        worker: { format: 'es' },
        server: { headers },
        preview: { headers },
        // A worker is loaded later than its page, and what Vite prepares only then makes it reload the page.
        optimizeDeps: {
          include: ['simclr-ts', 'simclr-ts/wasm', 'simclr-ts/worker', '@tensorflow/tfjs-core'],
        },
      }),
    },
  ];
}
