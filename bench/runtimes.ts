import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { RuntimeName, Side } from './side.js';
import type { WorkerCommand } from './worker-process.js';

/** How to start a runtime, or why it is missing here. */
export type Runtime = { start(side: Side): WorkerCommand } | { missing: string };

const folder = fileURLToPath(new URL('.', import.meta.url));
const cache = join(folder, '.cache');
const installHint = 'npm run lane -- bench-setup installs it where possible';

/** Workers that need nothing but Node. */
const sources = {
  ours: 'workers/ours.ts',
  'ranks-1': 'workers/ranks.ts',
  stock: 'baselines/stock.ts',
};

/** Finds a runtime on this machine. */
export function findRuntime(name: RuntimeName): Runtime {
  if (name === 'pytorch') return pyTorchOf(findPython());
  if (name === 'pytorch-new') return pyTorchOf(findNewPython());
  if (name === 'jax-js') return findJaxJs();
  if (name === 'tfjs-node') return findTfjsNode();
  if (name === 'ranks-2') return findMPI(2);
  return { start: (side) => nodeWorker(sources[name], side) };
}

/** A Python that imports torch and torchvision, or why there is none. */
export function findPython(): { python: string } | { missing: string } {
  const given = process.env.SIMCLR_PYTHON;
  const candidates =
    given === undefined ? [join(cache, 'python/bin/python'), '/usr/bin/python3', 'python3'] : [given];
  const python = candidates.find(
    (candidate) => spawnSync(candidate, ['-c', 'import torch, torchvision']).status === 0,
  );
  if (python === undefined) {
    const where = given === undefined ? 'is not installed' : `cannot be imported by SIMCLR_PYTHON=${given}`;
    return { missing: `PyTorch with torchvision ${where} (${installHint})` };
  }
  return { python };
}

/** The Python with PyPI's newest PyTorch, or why there is none. */
function findNewPython(): { python: string } | { missing: string } {
  const python = join(cache, 'python-new/bin/python');
  const works = spawnSync(python, ['-c', 'import torch, torchvision']).status === 0;
  return works
    ? { python }
    : { missing: "PyPI's PyTorch is not installed (npm run lane -- bench-setup pytorch-new)" };
}

function pyTorchOf(found: ReturnType<typeof findPython>): Runtime {
  if ('missing' in found) return found;
  const script = join(folder, 'baselines/torch_step.py');
  return {
    start: (side) => ({
      command: found.python,
      args: [script, taskOf(side)],
      env: threadVariables(side.threads),
    }),
  };
}

function findTfjsNode(): Runtime {
  const name = '@tensorflow/tfjs-node';
  const built = join(cache, 'tfjs-node/node_modules', name);
  let module = existsSync(join(built, 'lib/napi-v8/tfjs_binding.node')) ? built : undefined;
  try {
    module ??= createRequire(import.meta.url).resolve(name);
  } catch {
    return { missing: `tfjs-node is not installed (${installHint})` };
  }
  const path = module;
  return {
    start: (side) => {
      const worker = nodeWorker('baselines/tfjs-node.ts', side);
      return { ...worker, env: { ...worker.env, SIMCLR_TFJS_NODE: path, TF_CPP_MIN_LOG_LEVEL: '2' } };
    },
  };
}

function findJaxJs(): Runtime {
  const path = join(cache, 'jax-js/node_modules/@jax-js/jax/dist/index.js');
  if (!existsSync(path)) return { missing: 'jax-js is not installed (npm run lane -- bench-setup jax-js)' };
  return {
    start: (side) => {
      const worker = nodeWorker('baselines/jax-js.ts', side);
      return { ...worker, env: { ...worker.env, SIMCLR_JAX_JS: path } };
    },
  };
}

function findMPI(ranks: number): Runtime {
  const launcher = ['mpirun.openmpi', 'mpirun'].find(
    (command) =>
      spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout?.includes('Open MPI') === true,
  );
  if (launcher === undefined) {
    return { missing: 'OpenMPI is not installed (Debian: apt-get install openmpi-bin)' };
  }
  try {
    createRequire(import.meta.url).resolve('koffi');
  } catch {
    return { missing: 'koffi is not installed (npm install koffi)' };
  }
  const flags = ['--allow-run-as-root', '--oversubscribe', '-np', String(ranks)];
  return {
    start: (side) => {
      const { command, args, env } = nodeWorker(sources['ranks-1'], side);
      return { command: launcher, args: [...flags, command, ...args], ...(env ? { env } : {}) };
    },
  };
}

function nodeWorker(source: string, side: Side): WorkerCommand {
  return {
    command: process.execPath,
    args: [bundleWorker(source), taskOf(side)],
    env: threadVariables(side.threads),
  };
}

/**
 * A worker for plain Node, as a user runs the library: bundled here, because a TypeScript loader in the measured
 * process would come along into every thread of it. `simclr-ts` stays outside and is found in `dist`.
 *
 * @param source - Path below this folder.
 * @returns The file to run.
 */
export function bundleWorker(source: string): string {
  const outfile = join(cache, 'workers', source.replace(/^.*\/|\.ts$/g, '').concat('.mjs'));
  buildSync({
    entryPoints: [join(folder, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['simclr-ts', 'simclr-ts/*', '@tensorflow/*', 'koffi'],
    tsconfigRaw: '{}', // the paths of ours point to the sources
    logLevel: 'error',
  });
  return outfile;
}

function taskOf({ work, threads }: Side): string {
  return JSON.stringify({ work, threads });
}

/** The variables that set the number of threads. */
export function threadVariables(threads: number): Record<string, string> {
  const names = [
    'SIMCLR_WASM_THREADS',
    'OMP_NUM_THREADS',
    'MKL_NUM_THREADS',
    'OPENBLAS_NUM_THREADS',
    'TF_NUM_INTRAOP_THREADS',
    'TF_NUM_INTEROP_THREADS',
  ];
  return Object.fromEntries(names.map((name) => [name, String(threads)]));
}
