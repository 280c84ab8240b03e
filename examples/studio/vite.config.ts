import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { simclr } from 'simclr-ts/vite';
import { defineConfig, type Plugin } from 'vite';

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
  // If a host cannot send the headers of isolation, public/isolate.js adds them.
  plugins: [simclr(), contentSecurityPolicy()],
  worker: { plugins: () => [withEncoder()] },
  build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
});
