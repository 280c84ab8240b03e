/**
 * The floors of the house, from the bottom. A room imports from floors below its own, never from its own floor or one
 * above. A room is a folder of `src`; `index` is src/index.ts.
 */
export const floors: readonly (readonly string[])[] = [
  ['errors'],
  ['random', 'tensors', 'backend'],
  ['data'],
  ['augmentations', 'models', 'losses', 'optimizers'],
  ['training'],
  ['recipes', 'evaluation', 'interop', 'distributed', 'wasm', 'webgpu'],
  ['doctor', 'node'],
  ['report', 'mpi'],
  ['index'],
  ['cli'],
  ['examples'],
  ['bench'],
];

/** The same inside src/training: a folder, or a file that lies in none. `*` stands for every file not named here. */
export const trainingFloors: readonly (readonly string[])[] = [
  ['trainer.ts', 'options'],
  ['step'],
  ['preflight'],
  ['checkpoints'],
  ['callbacks'],
  ['*'],
  ['fit'],
  ['simclr.ts'],
  ['index.ts'],
];

/** Arrows up that are left inside src/training. Remove an entry with its last import; add none. */
export const trainingArrowsLeft: readonly string[] = [
  '* -> simclr.ts',
  'callbacks -> simclr.ts',
  'checkpoints -> simclr.ts',
  'fit -> simclr.ts',
  'options -> checkpoints',
  'preflight -> simclr.ts',
  'step -> checkpoints',
  'step -> preflight',
  'step -> simclr.ts',
];

/** Circles that are left, with the number of files in them. Lower a number with its circle; add none. */
export const circlesLeft: Readonly<Record<string, number>> = {
  'bench/': 2,
  'src/cli/': 10,
  'src/training/': 26,
};

/** Source files that a folder may hold. */
export const mostFiles = 12;

/** Why a folder holds more. */
export const largeFolders: Readonly<Record<string, string>> = {
  bench: 'Each measurement is a program of its own, started by its path.',
  'bench/comparison': 'One comparison from its options to its page, which no other program uses.',
  'examples/studio/ui': 'One panel of the page per file, all of them on the same level.',
  'examples/studio/worker': 'Everything that runs in the training worker, which is bundled as one.',
};
