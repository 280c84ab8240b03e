/**
 * Tests which backends and runtimes work here, how exactly and how fast: `npm run lane -- backends --help`. For one that
 * does not work here, the table gives the reason. The exit status is 1 when a test fails or a required one does not work.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { browserLanes, type LeftOut } from '../browser/lanes.js';
import { openBrowser, type TestBrowser } from '../browser/open-browser.js';
import { backendTolerances } from '../helpers/tolerance.js';
import { runtimes } from '../runtimes/get-runtime.js';
import { type PackedProgram, packProgram } from '../runtimes/run-program.js';
import { nodeLanes, runNodeLane } from './node-lanes.js';
import type { LaneOutcome } from './outcome.js';
import { type BackendRow, formatTable } from './table.js';

const values = new Command('npm run lane -- backends')
  .description('Tries every backend: which work here, how exactly and how fast.')
  .option('--only <names>', 'these backends, separated by commas')
  .option('--tests <paths>', 'these tests, separated by commas')
  .option(
    '--quick',
    'the tests that CI runs, two backends at a time, so that speeds cannot be compared',
    false,
  )
  .option('--require <names>', 'fail if one of these backends does not work', '')
  .option('--json <file>', 'write the rows')
  .option('--keep', 'keep the rows of other backends in the JSON file', false)
  .parse()
  .opts<{
    only?: string;
    tests?: string;
    quick: boolean;
    require: string;
    json?: string;
    keep: boolean;
  }>();

/** Tests against values of PyTorch, torchvision and TensorFlow, and of whatever differs between kernels. */
const quickTests = [
  'test/training/five-steps',
  'test/augmentations',
  'test/losses',
  'test/models/resnet',
  'test/optimizers/update-rules',
  'test/tensors',
].join(',');
const tests = values.tests ?? (values.quick ? quickTests : '');

/** Anything that runs the tests on one backend, or a program under one runtime. */
interface Lane {
  name: string;
  ran: BackendRow['ran'];
  /** Its name in test/helpers/tolerance.ts. */
  tolerance: string;
  leftOut: LeftOut | undefined;
  run(): Promise<LaneOutcome>;
}

let browser: TestBrowser | undefined;
let packed: Promise<PackedProgram> | undefined;

const lanes: Lane[] = [
  ...nodeLanes.map((lane) => ({
    name: lane.name,
    ran: 'tests' as const,
    tolerance: lane.settings.BACKEND!,
    leftOut: lane.leftOut,
    run: () => runNodeLane(lane, tests),
  })),
  ...browserLanes.map((lane) => ({
    name: lane.name,
    ran: 'tests' as const,
    tolerance: lane.settings.FLOAT16 === 'on' ? `${lane.backend}-float16` : lane.backend,
    leftOut: lane.leftOut,
    async run() {
      browser ??= await openBrowser();
      const only = (path: string) => tests.split(',').some((start) => path.startsWith(start));
      const measure = lane.settings.FLOAT16 !== 'on'; // training is refused there
      const { passed, ...others } = await browser.runLane(lane, { only, measure });
      return { ...others, passed: passed.length };
    },
  })),
  ...runtimes.map((runtime) => ({
    name: runtime.name,
    ran: 'program' as const,
    tolerance: 'wasm',
    leftOut: undefined,
    async run() {
      packed ??= packProgram();
      return (await packed).run(runtime);
    },
  })),
];

const listed = (names: string) => names.split(',').filter(Boolean);
const chosen = values.only === undefined ? lanes.map(({ name }) => name) : listed(values.only);
const unknown = [...chosen, ...listed(values.require)].find(
  (name) => !lanes.some((lane) => lane.name === name),
);
if (unknown !== undefined) {
  throw new Error(`backends: there are ${lanes.map(({ name }) => name).join(', ')}. Received: ${unknown}.`);
}

let rows: BackendRow[] = [];
if (values.keep && values.json !== undefined && existsSync(values.json)) {
  rows = JSON.parse(await readFile(values.json, 'utf8'));
}
const order = lanes.map(({ name }) => name);

/** After every lane, so that its results are kept when a later one is interrupted. */
function save(): void {
  const reference = rows.find(({ backend }) => backend === 'wasm')?.pairsPerSecond;
  for (const row of rows) {
    if (reference && row.pairsPerSecond !== null) row.ratioToWasm = row.pairsPerSecond / reference;
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}

if (values.json !== undefined) await mkdir(dirname(values.json), { recursive: true });

/** Runs one and keeps its row. */
async function runLane(lane: Lane): Promise<void> {
  console.log(`${lane.name} ...`);
  if (lane.leftOut) console.log(`${lane.name} leaves out: ${lane.leftOut.because}`);
  const began = performance.now();
  const row: BackendRow = {
    backend: lane.name,
    ran: lane.ran,
    available: true,
    reason: '',
    tolerance: backendTolerances[lane.tolerance] ?? 0,
    fixturesPassed: 0,
    fixturesFailed: 0,
    threads: null,
    wasmBuild: null,
    pairsPerSecond: null,
    ratioToWasm: null,
    leftOut: lane.leftOut?.because ?? '',
  };
  try {
    const { passed, failed, pairsPerSecond, threads, wasmBuild } = await lane.run();
    for (const { name, error } of failed) console.log(`FAILED on ${lane.name}: ${name}\n${error}\n`);
    row.fixturesPassed = passed;
    row.fixturesFailed = failed.length;
    row.threads = threads ?? null;
    row.wasmBuild = wasmBuild ?? null;
    row.pairsPerSecond = pairsPerSecond ?? null;
    if (failed.length > 0) process.exitCode = 1;
  } catch (error) {
    row.available = false;
    row.reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    if (listed(values.require).includes(lane.name)) {
      console.log(`NOT RUN: ${lane.name}:`, error);
      process.exitCode = 1;
    }
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const what = row.available
    ? `${row.fixturesPassed} passed, ${row.fixturesFailed} failed`
    : `not run: ${row.reason}`;
  console.log(`${lane.name}: ${what}, ${seconds} s`);
  rows = [...rows.filter(({ backend }) => backend !== row.backend), row];
  rows.sort((a, b) => order.indexOf(a.backend) - order.indexOf(b.backend));
  save();
}

// Most of a lane keeps one core busy. With all tests, each has the machine to itself, so that its speed can be
// compared.
const isBrowserLane = ({ name }: Lane) => browserLanes.some((lane) => lane.name === name);
const toRun = lanes.filter(({ name }) => chosen.includes(name));
const inNode = toRun.filter((lane) => !isBrowserLane(lane));
const inBrowser = toRun.filter(isBrowserLane);
const queues = values.quick ? [inNode, inBrowser] : [[...inNode, ...inBrowser]];
await Promise.all(
  queues.map(async (queue) => {
    for (const lane of queue) await runLane(lane);
  }),
);
await browser?.close();
await packed?.then(
  (program) => program.dispose(),
  () => {}, // each row has the reason
);

console.log(formatTable(rows));
