import { defineConfig } from 'vite';

/** With these headers a page may share memory with threads; your own host has to send them too. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Lets the threads of tfjs's wasm backend start. They get the source of its loader as text, in which a variable of the file
 * around it, renamed by the minifier, is not defined; it holds nothing in a module.
 */
const selfContainedLoader = {
  name: 'self-contained-loader',
  transform(code, id) {
    if (!id.includes('wasm-out/tfjs-backend-wasm-threaded-simd.js')) return;
    const [before, factory] = code.split(/(?=function\(WasmBackendModuleThreadedSimd\))/);
    if (!factory) this.error('The loader of tfjs-backend-wasm is not as expected.');
    return { code: before + factory.replaceAll('_scriptDir', 'globalThis._scriptDir'), map: null };
  },
};

export default defineConfig({
  base: './', // the built files work from any path
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
  worker: { format: 'es', plugins: () => [selfContainedLoader] },
  server: { headers },
  preview: { headers },
});
