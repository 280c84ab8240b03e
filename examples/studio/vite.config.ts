import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const source = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** Headers that let threads share memory. If a host cannot send them, public/isolate.js adds them. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The page may connect to its own host only, even if a bug tries something else. */
const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval' blob:",
  "worker-src 'self' blob:",
  "img-src 'self' blob: data:",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self' blob: data:",
  "form-action 'none'",
].join('; ');

function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/**
 * Lets the threads of tfjs's wasm backend start. They get the source of its loader as text, where a variable of the
 * file around it, renamed by the minifier, is not defined; it holds nothing in a module.
 */
function selfContainedLoader(): Plugin {
  return {
    name: 'self-contained-loader',
    transform(code, id) {
      if (!id.includes('wasm-out/tfjs-backend-wasm-threaded-simd.js')) return;
      const [before, factory] = code.split(/(?=function\(WasmBackendModuleThreadedSimd\))/);
      if (!factory) this.error('The loader of tfjs-backend-wasm is not as expected.');
      const changed = before + factory.replaceAll('_scriptDir', 'globalThis._scriptDir');
      return { code: changed, map: null };
    },
  };
}

/**
 * Serves a starting encoder next to the page, from the same host, if `file` is given.
 * examples/studio/train-starting-encoder.ts makes one.
 */
function startingEncoder(file: string | undefined): Plugin {
  const name = 'virtual:starting-encoder';
  return {
    name: 'starting-encoder',
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return;
      return file
        ? `export { default } from ${JSON.stringify(`${resolve(file)}?url`)};`
        : 'export default undefined;';
    },
  };
}

const withEncoder = () => startingEncoder(process.env.STUDIO_STARTING_ENCODER);

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './', // opens from any path
  resolve: {
    alias: [
      { find: /^simclr-ts$/, replacement: source('index.ts') },
      { find: /^simclr-ts\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  plugins: [contentSecurityPolicy()],
  worker: { format: 'es', plugins: () => [selfContainedLoader(), withEncoder()] },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
  server: { headers: isolation },
  preview: { headers: isolation },
});
