/**
 * Ours and PyTorch side by side: the same recipe on the same pictures of CIFAR-10, for the same time or equally many
 * pictures, with the same evaluation.
 *
 *     npm run compare -- --minutes 7 --json FILE        (npm run compare -- --help for the flags)
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EmbeddingArray, knnClassifier, type LabeledImages, linearProbe } from 'simclr-ts';
import { loadCIFAR10, useBestBackend } from 'simclr-ts/node';
import { cifar10Cache } from '../../src/node/datasets/cifar10.js';
import { placeAndDate } from '../place-and-date.js';
import { bundleWorker, findPython, threadVariables } from '../runtimes.js';
import { compareMinutes } from './minutes.js';
import { type ComparisonOptions, readOptions } from './options.js';
import { recipe } from './recipe.js';
import { type ComparisonResult, compareSides, type EvaluatedRun, summarizeSide, turns } from './result.js';
import { runSide, type SideCommand } from './run-side.js';
import { formatResult } from './table.js';
import type { TrainTask } from './task.js';

const log = (text: string) => console.error(text);

interface Side {
  name: 'ours' | 'pytorch';
  start(task: TrainTask): SideCommand;
}

function findSides(): { sides: Side[]; missing: string | undefined } {
  const worker = bundleWorker('comparison/ours.ts');
  const ours: Side = {
    name: 'ours',
    start: (task) => ({
      command: process.execPath,
      args: [worker, JSON.stringify(task)],
      env: threadVariables(task.threads),
    }),
  };
  const found = findPython();
  if ('missing' in found) return { sides: [ours], missing: found.missing };
  const script = fileURLToPath(new URL('./torch_simclr.py', import.meta.url));
  const pytorch: Side = {
    name: 'pytorch',
    start: (task) => ({
      command: found.python,
      args: [script, JSON.stringify(task)],
      env: threadVariables(task.threads),
    }),
  };
  return { sides: [ours, pytorch], missing: undefined };
}

async function readEmbeddings(path: string, rows: number, dim: number): Promise<EmbeddingArray> {
  const bytes = await readFile(path);
  if (bytes.length !== rows * dim * 4) {
    throw new Error(`${path} must hold ${rows} rows of ${dim} float32. Received: ${bytes.length} bytes.`);
  }
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return { data, shape: [rows, dim] };
}

type Labels = Record<'references' | 'test', LabeledImages['labels']>;

async function evaluate(folder: string, dim: number, labels: Labels) {
  const references = await readEmbeddings(join(folder, 'references.f32'), labels.references.length, dim);
  const test = await readEmbeddings(join(folder, 'test.f32'), labels.test.length, dim);
  const known = { embeddings: references, labels: labels.references, classes: 10 };
  const knn = await (await knnClassifier(known, { neighbors: 20 })).evaluate(test, labels.test);
  const probe = await (await linearProbe(known)).evaluate(test, labels.test);
  return {
    knn: knn.accuracy,
    linearProbe: probe.accuracy,
    predictions: { knn: knn.predictions, linearProbe: probe.predictions },
  };
}

async function main(options: ComparisonOptions): Promise<void> {
  if (options.recipe === 'minutes') {
    const { minutes } = options.budget as { minutes: number };
    return compareMinutes({ ...options, minutes, json: options.json! }, log);
  }
  const { json, budget, seeds, threads, references, testImages } = options;
  if (!existsSync(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))) {
    throw new Error('compare: the built library is compared, and dist is missing. Run npm run build first.');
  }
  if (json !== undefined) {
    // Fail before training if the path cannot be written.
    await mkdir(dirname(json), { recursive: true });
    await writeFile(json, '{}\n');
  }
  await useBestBackend({ prefer: 'wasm' });
  const { train, test } = await loadCIFAR10({ log });
  const labels = { references: train.labels.slice(0, references), test: test.labels.slice(0, testImages) };
  const { sides, missing } = findSides();
  if (missing !== undefined) log(`There is nothing to compare with: ${missing}.`);

  const runs: Record<Side['name'], EvaluatedRun[]> = { ours: [], pytorch: [] };
  const collect = (): ComparisonResult => ({
    budget,
    seeds: runs.ours.map(({ seed }) => seed),
    threads,
    references: labels.references.length,
    testImages: labels.test.length,
    recipe,
    ...placeAndDate(),
    ours: summarizeSide(runs.ours, labels.test.length),
    pytorch: runs.pytorch.length > 0 ? summarizeSide(runs.pytorch, labels.test.length) : null,
    ...(missing !== undefined && { missing }),
  });
  const folder = await mkdtemp(join(tmpdir(), 'simclr-comparison-'));
  try {
    for (const { seed, side } of turns(seeds, sides)) {
      log(`${side.name}, seed ${seed}`);
      const task: TrainTask = {
        kind: 'train',
        recipe,
        seed,
        threads,
        budget,
        train: join(cifar10Cache(), 'train.bin'),
        test: join(cifar10Cache(), 'test.bin'),
        references: labels.references.length,
        testImages: labels.test.length,
        out: folder,
      };
      const { dim, ...reply } = await runSide(side.name, side.start(task), (line) => log(`  ${line}`));
      const evaluated = { seed, ...reply, ...(await evaluate(folder, dim, labels)) };
      runs[side.name].push(evaluated);
      log(
        `  ${reply.framework}: ${reply.pairsSeen} pairs, ${reply.pairsPerSecond.toFixed(1)} a second; kNN ${evaluated.knn}, linear probe ${evaluated.linearProbe}`,
      );
      // Keep the results so far, in case a later run fails.
      if (json !== undefined && runs.ours.length > 0) await write(json, collect());
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const result = collect();
  if (result.pytorch !== null) {
    result.difference = compareSides(runs.ours, runs.pytorch, labels.test);
    result.speedRatio = result.ours.pairsPerSecond / result.pytorch.pairsPerSecond;
  }
  if (json !== undefined) await write(json, result);
  console.log(formatResult(result));
}

async function write(path: string, result: ComparisonResult): Promise<void> {
  await writeFile(path, `${JSON.stringify(result, null, 2)}\n`);
}

main(readOptions(process.argv)).then(
  () => process.exit(), // the threads of the evaluation's backend
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
