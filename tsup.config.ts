import { defineConfig } from 'tsup';

// One entry a subpath: with shared chunks this is what lets bundlers drop the rooms a consumer does not use.
const rooms = [
  'augmentations',
  'data',
  'distributed',
  'doctor',
  'errors',
  'evaluation',
  'interop',
  'losses',
  'models',
  'mpi',
  'node',
  'optimizers',
  'random',
  'recipes',
  'training',
  'wasm',
];

export default defineConfig({
  // `measures` beside its room: what only measures embeddings shall not bring the layers that fine-tuning needs.
  entry: ['src/index.ts', 'src/evaluation/measures.ts', ...rooms.map((room) => `src/${room}/index.ts`)],
  outDir: 'dist',
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  external: [/^@tensorflow\//, /^node:/, 'sharp', 'cli-progress', 'koffi'],
  splitting: true,
  sourcemap: true,
  clean: true,
  treeshake: false,
  // TypeScript 6 deprecates the baseUrl that tsup's declaration step sets.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
});
