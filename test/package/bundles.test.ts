import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { root, subpaths } from './packed.js';

/** Bundles a consumer's import as a browser build would, with tfjs left to the consumer. */
async function bundle(code: string, settings: BuildOptions = {}): Promise<{ text: string; gzip: number }> {
  const result = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: /simclr-ts\/(node|mpi|report|vite)/.test(code) ? 'node' : 'browser',
    external: [
      '@tensorflow/*',
      'sharp',
      'cli-progress',
      'koffi',
      'commander',
      // Loaded by Node alone, and only where it may run.
      './wide-binary*',
      '../wide-binary*',
      // A page loads one of the two.
      './simd.generated*',
      '../simd.generated*',
      './threaded-simd.generated*',
      '../threaded-simd.generated*',
      'd3-scale',
      'd3-shape',
      'hyparquet',
      'hyparquet-writer',
      'papaparse',
      'umap-js',
    ],
    logLevel: 'error',
    ...settings,
  });
  const text = result.outputFiles![0]!.text;
  return { text, gzip: gzipSync(text, { level: 9 }).length };
}

describe('ntXentLoss from the root', () => {
  it('takes at most 3 kB and does not touch tfjs-layers', async () => {
    const { text, gzip } = await bundle("export { ntXentLoss } from 'simclr-ts';");
    expect(gzip).toBeLessThanOrEqual(3072);
    expect(text).toContain('@tensorflow/tfjs-core');
    expect(text).not.toContain('tfjs-layers');
  });
});

describe('a page whose trainer is in a worker', () => {
  it('takes at most 7 kB and nothing of tfjs', async () => {
    const code = "export { createTrainer, loadTrainer } from 'simclr-ts/worker';";
    // Without the paths of tsconfig.json, which lead to src: which chunks there are decides what comes along.
    const { text, gzip } = await bundle(code, { tsconfigRaw: {} });
    expect(gzip).toBeLessThanOrEqual(7168);
    expect(text).not.toContain('@tensorflow');
  });
});

/** Bytes, minified and gzipped, tfjs not counted: the size when written and a tenth on top. */
const ceilings: Record<string, number> = {
  '.': 125000,
  './augmentations': 11500,
  './data': 16600,
  './distributed': 15000,
  './doctor': 18200,
  './errors': 560,
  './evaluation': 49300,
  './features': 29800,
  './interop': 22100,
  './losses': 9900,
  './models': 11900,
  './mpi': 4000,
  // With the trainer, which `readWeights` needs for a saved model.
  './node': 212_000,
  './optimizers': 7500,
  './random': 2000,
  './recipes': 10600,
  './report': 75800,
  './training': 72100,
  './vite': 1050,
  './wasm': 73000,
  './webgpu': 5000,
  './worker': 81000,
};

describe('size of every subpath', () => {
  it('has a ceiling', async () => {
    expect(Object.keys(ceilings).sort()).toEqual((await subpaths()).sort());
  });

  it.each(Object.entries(ceilings))('%s stays below %i bytes', async (subpath, ceiling) => {
    const { gzip } = await bundle(`export * from '${join('simclr-ts', subpath)}';`);
    expect(gzip).toBeLessThanOrEqual(ceiling);
  });
});

describe("tfjs's binaries", () => {
  it('are a chunk each, beside what every page loads', async () => {
    const built = await build({
      stdin: { contents: "import 'simclr-ts/wasm';", resolveDir: root },
      bundle: true,
      minify: true,
      splitting: true,
      write: false,
      outdir: 'out',
      format: 'esm',
      platform: 'browser',
      external: ['@tensorflow/*'],
      tsconfigRaw: {},
    });
    const binaries = built.outputFiles.filter(({ text }) => text.includes('tfjs-backend-wasm 4'));
    expect(binaries).toHaveLength(2);
    for (const { text, contents } of binaries) {
      expect(text).toContain('Apache License 2.0');
      expect(contents.length).toBeLessThan(210_000);
    }
  });
});

describe('rooms that need no tfjs-layers', () => {
  it.each(['augmentations', 'data', 'errors', 'losses', 'optimizers', 'random', 'recipes'])(
    '%s does not import it',
    async (room) => {
      const { text } = await bundle(`export * from 'simclr-ts/${room}';`);
      expect(text).not.toContain('tfjs-layers');
    },
  );

  it('no bundle names a backend or contains tfjs itself', async () => {
    const { text } = await bundle("export * from 'simclr-ts';");
    expect(text).not.toMatch(/tfjs-backend-|setBackend/);
    expect(text).not.toContain('registerGradient');
  });
});
