/**
 * Runs what `npm test` leaves out because it takes longer or needs more than npm's registry:
 *
 *     npm run lane                      lists the lanes
 *     npm run lane -- mpi               runs one
 *     npm run lane -- backends --quick  passes what follows the name to the lane
 */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const project = (name, ...words) => ['vitest', 'run', '--project', name, ...words];
const build = ['node', 'scripts/build.mjs'];
const buildWithoutTypes = [...build, '--no-types'];
const buildKernels = ['node', 'scripts/build-wasm.mjs'];

/** The kernels' tests on another Node. test/wasm/variant.test.ts prints which build of the kernels runs there, and why. */
const onNode = (...version) => [
  'node',
  'scripts/with-node.mjs',
  ...version,
  ...project('kernels*', 'test/wasm', 'test/training/five-steps'),
];

/** test/helpers/setting.ts says what it leaves out. */
const furtherBuild = { SIMCLR_TEST_FURTHER_BUILD: 'on' };

/**
 * A lane's commands, one after the other, and additions to their environment. The last one gets the arguments after the
 * lane's name.
 */
const lanes = {
  slow: {
    description:
      'tests that take minutes: samples of the guides, training by the command line, plain JavaScript',
    commands: [buildKernels, project('slow*')],
  },
  'kernel-variants': {
    description: 'wasm kernels without relaxed SIMD and on one thread',
    commands: [buildKernels, project('wasm-*')],
  },
  'node-24': {
    description: 'wasm kernels on Node 24',
    commands: [buildKernels, onNode('24')],
    environment: furtherBuild,
  },
  'node-26': {
    description: 'wasm kernels on Node 26',
    commands: [buildKernels, onNode('26')],
    environment: furtherBuild,
  },
  'newest-node': {
    description: "wasm kernels on npm's newest Node, unless that is 24 or 26",
    commands: [buildKernels, onNode('latest', '--unless', '24,26')],
    environment: furtherBuild,
  },
  faults: {
    description: 'training that is killed, on full disks, and out of memory',
    commands: [buildKernels, project('faults')],
  },
  kills: {
    description: 'training that is killed at random moments: --kills 100',
    commands: [buildKernels, ['tsx', 'test/faults/run.ts']],
  },
  fuzz: {
    description: 'mutated files for every reader',
    commands: [buildKernels, ['tsx', 'test/fuzz/run.ts']],
  },
  mpi: {
    description: 'jobs under mpirun (Open MPI or MPICH, koffi)',
    commands: [buildKernels, project('mpi')],
  },
  webgpu: { description: 'WebGPU in Node', commands: [buildKernels, ['tsx', 'test/webgpu/run.ts']] },
  browser: {
    description: 'numeric tests in Chromium, Firefox and WebKit',
    commands: [buildKernels, ['tsx', 'test/browser/run.ts']],
  },
  studio: {
    description: 'the studio in Chromium, Firefox and WebKit',
    commands: [buildWithoutTypes, project('studio')],
  },
  'studio-long': {
    description: "the studio's tests that train for minutes",
    commands: [buildWithoutTypes, project('studio-long')],
  },
  backends: {
    description: 'which backends and runtimes run on this machine, how exactly and how fast',
    commands: [buildWithoutTypes, ['tsx', 'test/backends/run.ts']],
  },
  package: {
    description: 'the packed package: its files, types, sizes, and programs that use it',
    commands: [
      build,
      ['publint', '--strict'],
      ['attw', '--pack', '.', '--profile', 'node16', '--quiet'],
      project('package', 'test/package'),
    ],
  },
  main: {
    description: '`npm start` on few pictures',
    commands: [buildKernels, project('package', 'test/main')],
  },
  examples: {
    description: 'the examples, each installed with the packed package',
    commands: [build, project('examples')],
  },
  interop: {
    description:
      'weights, model folders, event files and vectors to and from Python packages and transformers.js',
    commands: [buildKernels, ['bash', 'test/interop/python/run.sh']],
  },
  profile: {
    description: "the time of a training step's kernels",
    commands: [buildWithoutTypes, ['tsx', 'bench/profile.ts']],
  },
  'threads-model': {
    description: 'a model of the time of a training step on up to 16 threads',
    commands: [buildKernels, ['tsx', 'bench/threads/model.ts']],
  },
  'bench-setup': {
    description: 'installs the baselines of the benchmarks: PyTorch, tfjs-node, jax-js',
    commands: [['bash', 'bench/setup.sh']],
  },
};

const [name, ...words] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(lanes, name)) {
  const width = Math.max(...Object.keys(lanes).map(({ length }) => length));
  if (name !== undefined) console.error(`lane: there is no lane ${name}.`);
  console.log('npm run lane -- NAME [words]');
  for (const [each, { description }] of Object.entries(lanes))
    console.log(`  ${each.padEnd(width)}  ${description}`);
  process.exit(name === undefined ? 0 : 2);
}

const { commands, environment } = lanes[name];
const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
for (const [index, [command, ...args]] of commands.entries()) {
  const all = index === commands.length - 1 ? [...args, ...words] : args;
  const { status, error } = spawnSync(command, all, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment, PATH: path },
    shell: process.platform === 'win32', // the commands of packages are scripts there
  });
  if (error) console.error(`lane: ${command} does not start: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
