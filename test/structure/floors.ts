/**
 * The floors of the house, from the bottom. A room imports from floors below its own, never from its own floor or one
 * above. A room is a folder of `src`; `index` is src/index.ts.
 */
export const floors: readonly (readonly string[])[] = [
  ['errors'],
  ['random', 'tensors', 'linear-algebra'],
  ['backend', 'data'],
  ['augmentations', 'models', 'losses', 'optimizers'],
  ['features'],
  ['training'],
  ['recipes', 'evaluation', 'interop', 'distributed', 'wasm', 'webgpu'],
  ['doctor', 'node', 'vite', 'worker'],
  ['report', 'mpi'],
  ['index'],
  ['cli'],
  ['examples'],
  ['bench'],
];

/**
 * The same inside src/training: folders, and files that lie in none. `*` stands for every file not named here. Parts of
 * one floor may import one another.
 */
export const trainingFloors: readonly (readonly string[])[] = [
  ['averaging', 'schedules', 'run-settings.ts'],
  ['trainer.ts', 'options'],
  ['gradients'],
  ['step'],
  ['preflight'],
  ['checkpoints'],
  ['callbacks'],
  ['*'],
  ['fit'],
  ['simclr.ts'],
  ['index.ts'],
];

/** Source files that a folder may hold. */
export const mostFiles = 12;

/** Why a folder holds more. */
export const largeFolders: Readonly<Record<string, string>> = {
  bench: 'Each measurement is a program of its own, started by its path.',
  'bench/comparison': 'One comparison from its options to its page, which no other program uses.',
  'src/optimizers': 'One optimizer per file, and the few pieces that all of them share.',
  'src/training/checkpoints': 'One format from its fields to its files; who reads it needs the whole.',
};
