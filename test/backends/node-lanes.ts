import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LeftOut, slowWebGPU } from '../browser/lanes.js';
import type { LaneOutcome } from './outcome.js';
import { readsSynchronously } from './test-files.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache/backends');

/** Environment of a process that computes on a backend. */
type Environment = Record<string, string>;

/** A backend in Node. */
export interface NodeLane {
  name: string;
  /** By the names of test/helpers/setting.ts. */
  settings: Environment;
  /** Installs what it needs; throws an error with the reason when that fails. */
  prepare?(): Promise<Environment>;
  leftOut?: LeftOut;
}

interface Finished {
  status: number | null;
  output: string;
}

/** A process that runs longer counts as hung. */
const patienceMinutes = 30;

function execute(command: string, args: string[], environment: Environment = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...environment } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    const patience = setTimeout(() => {
      output += `\nended after ${patienceMinutes} minutes`;
      child.kill('SIGKILL');
    }, patienceMinutes * 60_000);
    child.on('close', (status) => {
      clearTimeout(patience);
      resolve({ status, output });
    });
  });
}

const lastLines = (text: string, count = 5) => text.trim().split('\n').slice(-count).join(' | ');

async function prepareTfjsNode(): Promise<Environment> {
  const built = join(root, 'bench/.cache/tfjs-node/node_modules/@tensorflow/tfjs-node');
  const given = process.env.SIMCLR_TEST_TFJS_NODE;
  if (given) return { SIMCLR_TEST_TFJS_NODE: given };
  const { status, output } = await execute('bash', ['bench/setup.sh', 'tfjs-node']);
  if (status !== 0) throw new Error(`tfjs-node cannot be installed: ${lastLines(output)}`);
  return { SIMCLR_TEST_TFJS_NODE: built };
}

/** Both packages have the same JavaScript: with an NVIDIA driver the same tests run on the GPU. */
async function prepareTfjsNodeGPU(): Promise<Environment> {
  if (!existsSync('/proc/driver/nvidia/version')) throw new Error('there is no NVIDIA driver here');
  const name = '@tensorflow/tfjs-node-gpu';
  const given = process.env.SIMCLR_TEST_TFJS_NODE_GPU;
  try {
    const found = given || createRequire(import.meta.url).resolve(name);
    return { SIMCLR_TEST_TFJS_NODE: found, SIMCLR_TEST_CUDA: 'on' };
  } catch {
    throw new Error(`${name} is not installed, or its install step could not download TensorFlow`);
  }
}

const chromiumFolder = '/usr/lib/chromium';

/** Dawn from npm, and a Vulkan for it: the machine's own, else the one in software that Debian's Chromium has. */
export async function prepareWebGPU(): Promise<Environment> {
  const environment: Environment = {};
  try {
    createRequire(import.meta.url).resolve('webgpu');
  } catch {
    const folder = join(cache, 'webgpu');
    mkdirSync(folder, { recursive: true });
    // Without a package.json of its own here, npm would write to the library's.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, 'webgpu@0.6'];
    const { status, output } = await execute('npm', args);
    if (status !== 0) throw new Error(`the npm package webgpu cannot be installed: ${lastLines(output)}`);
    environment.SIMCLR_TEST_WEBGPU = join(folder, 'node_modules/webgpu/index.js');
  }
  const driver = join(chromiumFolder, 'vk_swiftshader_icd.json');
  if (existsSync(driver) && !process.env.VK_DRIVER_FILES) {
    const paths = [chromiumFolder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
    return { ...environment, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: paths };
  }
  return environment;
}

/** All of them. */
export const nodeLanes: readonly NodeLane[] = [
  { name: 'cpu', settings: { BACKEND: 'cpu' } },
  { name: 'wasm', settings: { BACKEND: 'wasm', WASM_THREADS: '2' } },
  { name: 'tfjs-node', settings: { BACKEND: 'tensorflow' }, prepare: prepareTfjsNode },
  { name: 'tfjs-node-gpu', settings: { BACKEND: 'tensorflow' }, prepare: prepareTfjsNodeGPU },
  { name: 'webgpu-node', settings: { BACKEND: 'webgpu' }, prepare: prepareWebGPU, leftOut: slowWebGPU },
];

interface VitestReport {
  numPassedTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Whether the backend starts at all, and its speed: in a process of its own, because tests do not measure speed. */
async function measure(environment: Environment): Promise<Omit<LaneOutcome, 'passed' | 'failed'>> {
  const program = 'test/backends/throughput-program.ts';
  const { output } = await execute(process.execPath, ['--import', 'tsx', program], environment);
  // The exit status does not count: Dawn can crash when its process ends, after all is done.
  const found = /\{"pairsPerSecond":.*\}/.exec(output);
  if (!found) throw new Error(`no step of training runs: ${lastLines(output)}`);
  return JSON.parse(found[0]);
}

/** Prepares a lane, measures it and runs its tests. Throws an error with the reason when the backend does not work. */
export async function runNodeLane(lane: NodeLane, only: string): Promise<LaneOutcome> {
  const settings = Object.entries(lane.settings).map(([key, value]) => [`SIMCLR_TEST_${key}`, value]);
  const environment: Environment = { ...Object.fromEntries(settings), ...(await lane.prepare?.()) };
  const measured = await measure(environment);
  mkdirSync(cache, { recursive: true });
  const outputFile = join(cache, `${lane.name}.json`);
  rmSync(outputFile, { force: true });
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((path) => join('test', path))
    .filter((path) => path.endsWith('.test.ts') && only.split(',').some((start) => path.startsWith(start)))
    .filter((path) => !lane.leftOut?.files?.some((start) => path.startsWith(start)))
    .filter((path) => lane.settings.BACKEND !== 'webgpu' || !readsSynchronously(root, path));
  const config = ['--project', 'backend', '--reporter=json', `--outputFile=${outputFile}`];
  const tests = lane.leftOut?.tests;
  const pattern = tests === undefined ? [] : ['--testNamePattern', `^(?!.*(${tests})).*$`];
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { output } = await execute(
    process.execPath,
    [vitest, 'run', ...config, ...pattern, ...files],
    environment,
  );
  if (!existsSync(outputFile)) throw new Error(`the tests do not run: ${lastLines(output)}`);
  const report = JSON.parse(readFileSync(outputFile, 'utf8')) as VitestReport;
  const failed = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const tests = assertionResults
      .filter((test) => test.status === 'failed')
      .map(({ fullName, failureMessages }) => ({ name: fullName, error: failureMessages.join('\n') }));
    // A file that fails to load has no tests.
    return status === 'failed' && tests.length === 0 ? [{ name, error: message }] : tests;
  });
  return { passed: report.numPassedTests, failed, ...measured };
}
