/**
 * `simclr-ts/wasm` in Vite, without further configuration.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { checkKeys } from '../errors/check-keys.js';
import { DataError } from '../errors/errors.js';

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

const binaries = ['', '-simd', '-threaded-simd'].map((kind) => `tfjs-backend-wasm${kind}.wasm`);

/**
 * Plugin for Vite that `simclr-ts/wasm` needs: it finds TensorFlow.js's `.wasm` files, so that you need not call
 * `setWasmPaths`, in `vite dev` and `vite build`, in pages and in workers. It lets TensorFlow.js's threads start in
 * minified code, has workers be modules, and isolates pages.
 *
 * @example
 * // vite.config.js
 * import { simclr } from 'simclr-ts/vite';
 * export default { plugins: [simclr()] };
 */
export function simclr(options: SimCLRPluginOptions = {}): Plugin[] {
  checkKeys('simclr', options, { isolate: 1 });
  const headers = options.isolate === false ? {} : isolation;
  return [bundledWasm(), servedWasm(headers)];
}

/** What pages need while they are developed, and the settings. */
function servedWasm(headers: Record<string, string>): Plugin {
  let root = '';
  return {
    name: 'simclr-ts',
    config: () => ({
      build: { target: 'es2022' },
      worker: { format: 'es', plugins: () => [bundledWasm()] },
      server: { headers },
      preview: { headers },
      // A worker is loaded later than its page, and what Vite prepares only then makes it reload the page.
      optimizeDeps: { include: ['simclr-ts', 'simclr-ts/wasm', 'simclr-ts/worker', '@tensorflow/tfjs-core'] },
    }),
    configResolved(config) {
      root = config.root;
    },
    configureServer({ middlewares }) {
      middlewares.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        // TensorFlow.js asks for them beside the page or the worker, wherever that is.
        const name = /\/([^/?]+)(?:\?.*)?$/.exec(request.url ?? '')?.[1];
        if (!name || !binaries.includes(name) || request.url!.includes('node_modules')) return next();
        response.setHeader('Content-Type', 'application/wasm');
        for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
        const dist = createRequire(join(root, 'index.js')).resolve(
          `@tensorflow/tfjs-backend-wasm/dist/${name}`,
        );
        createReadStream(dist).on('error', next).pipe(response);
      });
    },
  };
}

/** What minified code needs; Vite bundles workers apart from pages. */
function bundledWasm(): Plugin {
  return {
    name: 'simclr-ts-wasm',
    apply: 'build',
    transform(code, id) {
      const path = id.replaceAll('\\', '/');
      if (path.endsWith('/tfjs-backend-wasm/dist/index.js')) return { code: code + withPaths, map: null };
      if (!path.includes('wasm-out/tfjs-backend-wasm-threaded-simd.js')) return null;
      // Threads get the source of this loader as text, in which a variable of the file around it, renamed by the minifier,
      // is not defined; it holds nothing in a module.
      const [before, factory] = code.split(/(?=function\(WasmBackendModuleThreadedSimd\))/) as [
        string,
        string?,
      ];
      if (factory === undefined) {
        throw new DataError(
          'simclr: the loader of @tensorflow/tfjs-backend-wasm must be that of version 4.',
          id,
        );
      }
      return { code: before + factory.replaceAll('_scriptDir', 'globalThis._scriptDir'), map: null };
    },
  };
}

const withPaths = `
import { setWasmPaths as setPaths } from './backend_wasm';
${binaries.map((name, i) => `import binary${i} from './${name}?url';`).join('\n')}
setPaths({ ${binaries.map((name, i) => `'${name}': binary${i}`).join(', ')} });
`;
