/**
 * Measures what decoding costs a training step: `npx tsx bench/decode-overlap.ts` (`--help` lists the flags).
 *
 * Trains a small ResNet on JPEG files that it makes (500x375 by default), and prints for
 * each way of reading them the share of the time in which steps waited for their batches, and the middle and the
 * longest wait. The first two ways decode small center squares, from which the device cuts the crops; the others cut
 * both views of each picture out of the whole. From the cache nothing is decoded, but views are cut. What a step takes
 * longer than from there is the cost of decoding on the cores that train. The files are in the system's cache, so the
 * disk is not measured.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setBackend } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { integer } from '../src/cli/options.js';
import {
  cache,
  type EpochPass,
  epochOrder,
  type ImageBatch,
  type ImageBatchSource,
} from '../src/data/index.js';
import { resnet18 } from '../src/models/index.js';
import { decodeImage, imageFolder } from '../src/node/index.js';
import { SimCLR } from '../src/training/index.js';
import { setThreadCount } from '../src/wasm/index.js';
import { writePhotographs } from './made-photographs.js';

const values = new Command('npx tsx bench/decode-overlap.ts')
  .description('Measures how long training steps wait for decoded pictures.')
  .option('--pictures <n>', 'pictures, at least five batches', integer(1), 384)
  .option('--side <pixels>', "side of the encoder's input", integer(8), 64)
  .option('--batch <n>', 'pictures per step', integer(2), 32)
  .option('--epochs <n>', 'passes over the pictures', integer(1), 3)
  .option('--threads <n>', 'threads of the wasm backend', integer(1), availableParallelism())
  .option('--width <pixels>', 'width of a picture', integer(8), 500)
  .option('--height <pixels>', 'height of a picture', integer(8), 375)
  .option('--json <file>', 'write the results')
  .parse()
  .opts<
    Record<'pictures' | 'side' | 'batch' | 'epochs' | 'threads' | 'width' | 'height', number> & {
      json?: string;
    }
  >();
const { side, batch: batchSize, epochs, width, height } = values;
/** The first batches of an epoch cannot be ready, and those prepared meanwhile wait less than others. */
const uncounted = 4;
if (values.pictures < 5 * batchSize) {
  throw new Error('--pictures must be five batches at least: four of an epoch are not counted.');
}

/** Decodes a batch on request, without prefetching. */
function onDemand(paths: readonly string[]): ImageBatchSource {
  async function* batches(pass: EpochPass): AsyncGenerator<ImageBatch> {
    const order = epochOrder(paths.length, pass);
    for (let start = 0; start + pass.batchSize <= paths.length; start += pass.batchSize) {
      const indices = order.slice(start, start + pass.batchSize);
      const data = new Uint8Array(indices.length * side * side * 3);
      const decode = async (index: number, row: number) => {
        data.set((await decodeImage(paths[index]!, { size: side })).data, row * side * side * 3);
      };
      await Promise.all(Array.from(indices, decode));
      yield { images: { data, shape: [indices.length, side, side, 3] }, indices };
    }
  }
  return Object.assign(batches, { size: paths.length });
}

/** When a step asked for a batch, and when it got it. */
interface Turn {
  epoch: number;
  asked: number;
  /** `undefined` at the end of the epoch. */
  given?: number;
}

/** The same data set, with timing. */
function timed(dataset: ImageBatchSource, turns: Turn[]): ImageBatchSource {
  async function* batches(pass: EpochPass) {
    let asked = performance.now();
    for await (const batch of dataset(pass)) {
      turns.push({ epoch: pass.epoch, asked, given: performance.now() });
      yield batch;
      asked = performance.now();
    }
    turns.push({ epoch: pass.epoch, asked });
  }
  const { size, cutsViews = false } = dataset;
  return Object.assign(batches, { ...(size !== undefined && { size }), cutsViews });
}

/** Gives pictures of the folder's size, also to training. */
function wholeSquares(folder: ImageBatchSource): ImageBatchSource {
  return Object.assign((pass: EpochPass) => folder(pass), { ...folder, cutsViews: false });
}

interface Measured {
  name: string;
  /** Share of the time in which the step waited for data. */
  waiting: number;
  /** Median over the steps. */
  medianWaitMilliseconds: number;
  /** Maximum over the steps. */
  longestWaitMilliseconds: number;
  stepMilliseconds: number;
  pairsPerSecond: number;
}

/** Trains for an epoch that does not count, which fills caches and compiles, and then for `epochs` more. */
async function measure(name: string, dataset: ImageBatchSource, epochs: number): Promise<Measured> {
  const simclr = new SimCLR({ encoder: resnet18({ inputShape: [side, side, 3], stem: 'small', width: 16 }) });
  const turns: Turn[] = [];
  await simclr.fit(timed(dataset, turns), { batchSize, epochs: epochs + 1 });
  simclr.dispose();
  const waits: number[] = [];
  let worked = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const own = turns.filter((turn) => turn.epoch === epoch);
    for (const [i, { asked, given }] of own.entries()) {
      if (i < uncounted || given === undefined) continue;
      waits.push(given - asked);
      worked += own[i + 1]!.asked - given;
    }
  }
  const steps = waits.length;
  const waited = waits.reduce((sum, wait) => sum + wait, 0);
  const total = waited + worked;
  waits.sort((a, b) => a - b);
  return {
    name,
    waiting: waited / total,
    medianWaitMilliseconds: waits[steps >> 1]!,
    longestWaitMilliseconds: waits.at(-1)!,
    stepMilliseconds: total / steps,
    pairsPerSecond: (steps * batchSize * 1000) / total,
  };
}

setThreadCount(values.threads);
await setBackend('wasm');
const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-bench-'));
const results: Measured[] = [];
try {
  const paths = await writePhotographs(folder, values.pictures, width, height);
  const here = await imageFolder(folder, { size: side, workers: 0 });
  const threads = await imageFolder(folder, { size: side });
  const cached = await imageFolder(folder, { size: side, cache: cache({ maxBytes: 1e9 }) });
  for (const [name, dataset] of [
    ['center squares, when asked for', onDemand(paths)],
    ['center squares, by other threads', wholeSquares(threads)],
    ['views, by the calling thread', here],
    ['views, by other threads', threads],
    ['views, from the cache', cached],
  ] as const) {
    const result = await measure(name, dataset, epochs);
    results.push(result);
    const { waiting, medianWaitMilliseconds, longestWaitMilliseconds, stepMilliseconds, pairsPerSecond } =
      result;
    const wait = `${medianWaitMilliseconds.toFixed(1)} ms, at most ${longestWaitMilliseconds.toFixed(1)}`;
    console.log(
      `${name.padEnd(34)} ${(100 * waiting).toFixed(1).padStart(5)} % waiting (${wait})  ${stepMilliseconds.toFixed(0).padStart(5)} ms a step  ${pairsPerSecond.toFixed(1).padStart(6)} pairs/s`,
    );
  }
  await threads.close();
  await cached.close();
} finally {
  rmSync(folder, { recursive: true });
}
if (values.json) {
  const setting = {
    pictures: values.pictures,
    side,
    batchSize,
    width,
    height,
    epochs,
    cores: availableParallelism(),
    threads: values.threads,
  };
  writeFileSync(values.json, `${JSON.stringify({ setting, results }, null, 2)}\n`);
}
