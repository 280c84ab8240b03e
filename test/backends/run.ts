/**
 * Tests which backends work here, how exactly and how fast:
 *
 *     npm run lane -- backends                                 all of them, a table
 *     npm run lane -- backends --json FILE                      and as JSON
 *     npm run lane -- backends --only cpu,chromium-webgl        some
 *     npm run lane -- backends --quick                          with the tests that CI runs on each: minutes per backend
 *     npm run lane -- backends --tests test/losses,test/models  with some of the tests
 *     npm run lane -- backends --docs                           also writes the table of docs/backends.md
 *     npm run lane -- backends --json FILE --keep --only cpu    one lane; FILE keeps the rows of the others
 *
 * For a backend that does not work here, the table gives the reason. The exit status is 1 when a test fails, and with
 * `--require NAMES` when one of those backends does not work.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { browserLanes, type LeftOut } from '../browser/lanes.js';
import { openBrowser, type TestBrowser } from '../browser/open-browser.js';
import { backendTolerances } from '../helpers/tolerance.js';
import { type LaneOutcome, nodeLanes, runNodeLane } from './node-lanes.js';
import { type BackendRow, formatTable, writeDocs } from './table.js';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string' },
    tests: { type: 'string' },
    quick: { type: 'boolean', default: false },
    require: { type: 'string', default: '' },
    docs: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

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

/** After every lane, so that what was measured is kept when a later one is interrupted. */
async function save(): Promise<void> {
  const reference = rows.find(({ backend }) => backend === 'wasm')?.pairsPerSecond;
  for (const row of rows) {
    if (reference && row.pairsPerSecond !== null) row.ratioToWasm = row.pairsPerSecond / reference;
  }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}

if (values.json !== undefined) await mkdir(dirname(values.json), { recursive: true });
for (const lane of lanes.filter(({ name }) => chosen.includes(name))) {
  console.log(`${lane.name} ...`);
  if (lane.leftOut) console.log(`  left out: ${lane.leftOut.because}`);
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
  console.log(`  ${what}, ${seconds} s`);
  rows = [...rows.filter(({ backend }) => backend !== row.backend), row];
  rows.sort((a, b) => order.indexOf(a.backend) - order.indexOf(b.backend));
  await save();
}
await browser?.close();

console.log(formatTable(rows));
if (values.docs) await writeDocs(rows);
