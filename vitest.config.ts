import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const testsIn = (folders: readonly string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`);
const testFiles = (names: readonly string[]) => names.map((name) => `test/${name}.test.ts`);

type ProjectTest = NonNullable<TestProjectInlineConfiguration['test']>;
interface Settings {
  BACKEND: string;
  WASM_THREADS?: string;
  WASM_MEMORY?: 'own';
  RELAXED_SIMD?: 'off';
  FURTHER_BUILD?: 'on';
}

/**
 * A project of tests that import the source, under the settings of test/helpers/setting.ts. Its files share processes:
 * tfjs and the kernels load once per process instead of once per file, which halves the time of `npm test`. The setup
 * fails a file that leaves a trace (test/helpers/no-traces.ts).
 */
const sourceProject = (name: string, settings: Partial<Settings>, test: ProjectTest) => ({
  extends: true as const,
  test: {
    name,
    isolate: false,
    setupFiles: ['setup', 'no-traces', 'typed-array-equality'].map((name) => `test/helpers/${name}.ts`),
    env: Object.fromEntries(Object.entries(settings).map(([key, value]) => [`SIMCLR_TEST_${key}`, value])),
    ...test,
  },
});

/** Folders whose numbers depend on the backend. Projects `wasm` and `kernels` run them all, project `backend` on any backend. */
const numericFolders = [
  'augmentations',
  'distributed',
  'evaluation',
  'features',
  'interop',
  'linear-algebra',
  'losses',
  'models',
  'optimizers',
  'tensors',
  'training',
];

/**
 * The numeric folders that plain JavaScript runs in seconds. Of the others it runs, in the project `slow`, what is compared
 * with numbers of other programs (test/fixtures): the rest does not depend on who multiplies.
 */
const quickOnCPU = ['augmentations', 'linear-algebra', 'losses', 'optimizers', 'tensors'];
const slowOnCPU = numericFolders.filter((folder) => !quickOnCPU.includes(folder));
const comparedOnCPU = slowOnCPU.flatMap((folder) =>
  readdirSync(path(`./test/${folder}`), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${folder}/${name.replaceAll('\\', '/')}`)
    .filter(
      (file) =>
        file.endsWith('.test.ts') && /fixtures\/|golden/.test(readFileSync(path(`./${file}`), 'utf8')),
    ),
);
/** Thousands of pictures, compared with each other, take plain JavaScript minutes. */
const tooManyForCPU = testFiles(['evaluation/near-duplicates', 'evaluation/select-diverse']);

/** Folders that train on the way to what they test: seconds on the kernels, minutes on plain JavaScript. */
const trainingFolders = ['cli', 'doctor', 'node/picture-index', 'node/stacks', 'options', 'recipes'];

/** Files that need modules of their own: they replace some by `vi.mock`, or test wasm without this library's kernels. */
const isolated = testFiles([
  'node/directory',
  'node/run-directory',
  'node/short-reads',
  'preflight/stock-wasm',
  'report/unreadable-losses',
]);

/**
 * What else takes long: the samples of all guides, hundreds of pictures that are drawn, changed, and compared, files in
 * the thousands, browsers and workers that are started, and the command line's training from the first picture to the
 * last answer. `npm test` has the parts of these.
 */
const slow = testFiles([
  'docs/guides',
  'fuzz/checkpoint-parsers',
  'node/cifar10-download',
  'report/map-in-browser',
  'worker/node-worker',
]);
const slowOnKernels = testFiles([
  'cli/readout',
  'cli/stacks',
  'cli/train',
  'cli/train-datasets',
  'cli/use-model',
  'distributed/data-parallel',
  'node/stacks/find-stacks',
  'node/training-from-files',
]);

/** Folders with a project of their own. */
const otherFolders = [
  'browser',
  'examples-packed',
  'faults',
  'main',
  'mpi/jobs',
  'package',
  'studio',
  'wasm',
  'webgpu',
];

/** Plain JavaScript takes one core per file, the kernels take all cores. */
const inParallel: ProjectTest = { maxWorkers: availableParallelism(), sequence: { groupOrder: 0 } };
const oneByOne: ProjectTest = { maxWorkers: 1, sequence: { groupOrder: 1 } };

/** What depends on how the wasm kernels are built and divided among threads. */
const kernelTests = ['wasm', 'tensors', 'optimizers/update-rules', 'training/five-steps'].map(
  (start) => `test/${start}{/**/*,}.test.ts`,
);
/** Kernel tests that begin with an empty memory of the module, because they test where blocks lie, or fill it. */
const emptyMemoryTests = ['high-addresses', 'memory'].map((name) => `test/wasm/${name}.test.ts`);
/**
 * The same in every project of one build: the first two try thread counts of their own, and show that no count changes a
 * bit of what the third compares.
 */
const threadTests = testFiles(['wasm/threads', 'wasm/task-shares', 'training/five-steps']);
const furtherBuild = { FURTHER_BUILD: 'on' } as const;
const plain = { RELAXED_SIMD: 'off' } as const;
const oneThread = { WASM_THREADS: '1', WASM_MEMORY: 'own' } as const;
/** Two projects: `name`, and `name-empty-memory`. */
const kernelProjects = (name: string, settings: Partial<Settings>) => {
  const inSettings = { BACKEND: 'wasm', ...settings };
  const exclude = [
    ...emptyMemoryTests,
    ...(settings.WASM_THREADS === '1' ? threadTests : []),
    // How threads start and end is the same for both builds on one Node.
    ...(settings.RELAXED_SIMD === 'off' ? testFiles(['wasm/threads']) : []),
  ];
  return [
    sourceProject(name, inSettings, { include: kernelTests, exclude, ...inParallel }),
    sourceProject(`${name}-empty-memory`, inSettings, {
      include: emptyMemoryTests,
      isolate: true,
      ...inParallel,
    }),
  ];
};

/** The studio's tests that train for minutes. */
const longStudioTests = ['long', 'cifar10', 'many'].map((name) => `test/studio/${name}.test.ts`);
const studio: ProjectTest = { globalSetup: ['test/studio/build.ts'], ...oneByOne };

/** The npm package `webgpu` where `npm run lane -- webgpu` fetched it. */
const fetchedWebGPU = path('./.cache/backends/webgpu/node_modules/webgpu/index.js');
const webgpu = process.env.SIMCLR_TEST_WEBGPU ?? (existsSync(fetchedWebGPU) ? fetchedWebGPU : undefined);

const projects = [
  // `npm test` is these.
  sourceProject(
    'cpu',
    { BACKEND: 'cpu' },
    {
      include: ['test/**/*.test.ts'],
      exclude: [
        ...testsIn([...otherFolders, ...slowOnCPU, ...trainingFolders]),
        ...slow,
        ...slowOnKernels,
        ...isolated,
      ],
      ...inParallel,
    },
  ),
  sourceProject('isolated', { BACKEND: 'cpu' }, { include: isolated, isolate: true, ...inParallel }),
  sourceProject(
    'wasm',
    { BACKEND: 'wasm', WASM_THREADS: '1' },
    {
      include: testsIn([...numericFolders, ...trainingFolders]),
      exclude: [...kernelTests, ...slow, ...slowOnKernels],
      ...inParallel,
    },
  ),
  // Two threads also on a machine with one core: the one number that every machine tests.
  ...kernelProjects('kernels', { WASM_THREADS: '2' }),

  // What takes longer. See scripts/lane.mjs for the command of each.
  sourceProject(
    'slow',
    { BACKEND: 'cpu', FURTHER_BUILD: 'on' },
    {
      include: [...comparedOnCPU, ...slow],
      exclude: tooManyForCPU,
      ...inParallel,
    },
  ),
  sourceProject(
    'slow-kernels',
    { BACKEND: 'wasm', WASM_THREADS: '1' },
    { include: slowOnKernels, ...inParallel },
  ),
  sourceProject('faults', { BACKEND: 'cpu' }, { include: testsIn(['faults']), ...oneByOne }),
  ...kernelProjects('wasm-1-thread', { ...furtherBuild, ...oneThread }),
  ...kernelProjects('wasm-plain', { ...furtherBuild, ...plain, WASM_THREADS: '2' }),
  ...kernelProjects('wasm-plain-1-thread', { ...furtherBuild, ...plain, ...oneThread }),
  // SIMCLR_TEST_BACKEND names the backend. One file at a time has the graphics device.
  sourceProject('backend', {}, { include: testsIn(numericFolders), testTimeout: 600_000, ...oneByOne }),
  {
    ...sourceProject('webgpu', { BACKEND: 'cpu' }, { include: testsIn(['webgpu']), ...oneByOne }),
    ...(webgpu ? { resolve: { alias: [{ find: /^webgpu$/, replacement: webgpu }] } } : {}),
  },
  // Jobs under mpirun share the machine's cores.
  sourceProject('mpi', {}, { include: testsIn(['mpi/jobs']), ...oneByOne }),
  sourceProject('studio', {}, { include: testsIn(['studio']), exclude: longStudioTests, ...studio }),
  sourceProject('studio-long', {}, { include: longStudioTests, ...studio }),

  // These use the library as it is built and packed.
  {
    test: {
      name: 'package',
      include: testsIn(['package', 'main']),
      ...inParallel,
      pool: 'forks' as const,
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  },
  {
    test: {
      name: 'examples',
      include: testsIn(['examples-packed']),
      globalSetup: ['test/examples-packed/install.ts'],
      pool: 'forks' as const,
      testTimeout: 300_000,
      hookTimeout: 600_000,
      ...oneByOne, // an example takes all cores
    },
  },
];

/** vitest reads this from a configuration too, though its types know it as a flag alone. `--project` overrides it. */
const withoutProjectFlag = { project: ['cpu', 'isolated', 'wasm', 'kernels*'] };

export default defineConfig({
  resolve: {
    alias: [
      { find: /^simclr-ts$/, replacement: path('./src/index.ts') },
      { find: /^simclr-ts\/(.+)$/, replacement: path('./src/$1/index.ts') },
    ],
  },
  test: {
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 120_000,
    projects,
    ...withoutProjectFlag,
    // CI begins with a clean clone and starts vitest a dozen times: it transforms each file once.
    experimental: { fsModuleCache: process.env.CI !== undefined },
    // With --coverage. scripts/print-coverage.mjs prints it.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/wasm/assembly/**', '**/*.generated.ts'],
      reporter: ['json-summary'],
    },
  },
});
