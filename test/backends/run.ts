/**
 * Tests which backends work here, how exactly and how fast: `npm run lane -- backends --help`. For a backend
 * that does not work here, the table gives the reason. The exit status is 1 when a test fails or a required backend
 * does not work.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { browserLanes, type LeftOut } from '../browser/lanes.js';
import { openBrowser, type TestBrowser } from '../browser/open-browser.js';
import { backendTolerances } from '../helpers/tolerance.js';
import { type LaneOutcome, nodeLanes, runNodeLane } from './node-lanes.js';
import { type BackendRow, formatTable, writeDocs } from './table.js';

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
  .option('--docs', 'write the table of docs/backends.md', false)
  .parse()
  .opts<{
    only?: string;
    tests?: string;
    quick: boolean;
    require: string;
    json?: string;
    keep: boolean;
    docs: boolean;
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

/** Anything that runs the tests on one backend. */
interface Lane {
  name: string;
  /** Its name in test/helpers/tolerance.ts. */
  tolerance: string;
  leftOut: LeftOut | undefined;
  run(): Promise<LaneOutcome>;
}

let browser: TestBrowser | undefined;

const lanes: Lane[] = [
  ...nodeLanes.map((lane) => ({
    name: lane.name,
    tolerance: lane.settings.BACKEND!,
    leftOut: lane.leftOut,
    run: () => runNodeLane(lane, tests),
  })),
  ...browserLanes.map((lane) => ({
    name: lane.name,
    tolerance: lane.settings.FLOAT16 === 'on' ? `${lane.backend}-float16` : lane.backend,
    leftOut: lane.leftOut,
    async run() {
      browser ??= await openBrowser();
      const only = (path: string) => tests.split(',').some((start) => path.startsWith(start));
      const measure = lane.settings.FLOAT16 !== 'on'; // training is refused there
      const { passed, failed, pairsPerSecond } = await browser.runLane(lane, { only, measure });
      return { passed: passed.length, failed, pairsPerSecond };
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
    available: true,
    reason: '',
    tolerance: backendTolerances[lane.tolerance] ?? 0,
    fixturesPassed: 0,
    fixturesFailed: 0,
    pairsPerSecond: null,
    ratioToWasm: null,
    leftOut: lane.leftOut?.because ?? '',
  };
  try {
    const { passed, failed, pairsPerSecond } = await lane.run();
    for (const { name, error } of failed) console.log(`FAILED on ${lane.name}: ${name}\n${error}\n`);
    row.fixturesPassed = passed;
    row.fixturesFailed = failed.length;
    row.pairsPerSecond = pairsPerSecond ?? null;
    if (failed.length > 0) process.exitCode = 1;
  } catch (error) {
    row.available = false;
    row.reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    if (listed(values.require).includes(lane.name)) process.exitCode = 1;
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

console.log(formatTable(rows));
if (values.docs) await writeDocs(rows);
