import { defineConfig, type Options } from 'tsup';

// One entry a subpath: with shared chunks this is what lets bundlers drop the rooms a consumer does not use.
const rooms = [
  'augmentations',
  'data',
  'distributed',
  'doctor',
  'errors',
  'evaluation',
  'features',
  'interop',
  'losses',
  'models',
  'mpi',
  'node',
  'optimizers',
  'random',
  'recipes',
  'report',
  'training',
  'vite',
  'wasm',
  'webgpu',
  'worker',
];

// Beside their folder's index: evaluating embeddings must not bring the layers that fine-tuning needs, and a page whose
// trainer is in a worker must not bring TensorFlow.js.
const library = [
  'src/index.ts',
  'src/evaluation/embedding-evaluation.ts',
  'src/worker/page/index.ts',
  'src/worker/served/index.ts',
  ...rooms.map((room) => `src/${room}/index.ts`),
];

const common: Options = {
  outDir: 'dist',
  target: 'es2022',
  platform: 'neutral',
  external: [
    /^@tensorflow\//,
    /^node:/,
    'sharp',
    'cli-progress',
    'koffi',
    'webgpu',
    'd3-scale',
    'd3-shape',
    'hyparquet',
    'hyparquet-writer',
    'papaparse',
    'umap-js',
    '@xmldom/xmldom',
  ],
  splitting: true,
  sourcemap: true,
  treeshake: false,
  dts: {
    // Rolled up from declarations that scripts/build.mjs has written: tsup takes a minute to make them from the sources.
    entry: Object.fromEntries(
      library
        .map((file) => file.slice('src/'.length, -'.ts'.length))
        .map((name) => [name, `.cache/types/${name}.d.ts`]),
    ),
    // TypeScript 6 deprecates the baseUrl that tsup's declaration step sets.
    compilerOptions: { ignoreDeprecations: '6.0' },
  },
};

// The command line is a program and needs one format only; it shares the chunks of the library.
export default defineConfig([
  { ...common, format: 'esm', entry: [...library, 'src/cli/main.ts'] },
  // Only ES modules have `import.meta`; elsewhere it is a syntax error.
  // Its declarations are copies of the others, which scripts/build.mjs makes: rolling them up takes longest.
  { ...common, format: 'cjs', entry: library, dts: false, define: { 'import.meta.url': 'undefined' } },
]);
