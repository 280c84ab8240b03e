/**
 * What decoding costs a training step: `npx tsx bench/decode-overlap.ts [--pictures N] [--side S] [--batch B]
 * [--epochs E] [--threads N] [--json FILE]`.
 *
 * Trains a small ResNet from JPEG files of 500x375, which the program makes itself, and prints for each way of
 * reading them the share of the time in which steps waited for their batches, and the middle and the longest wait. From
 * the cache nothing is decoded: what waits there is the making of the tensor, and what a step takes longer elsewhere is
 * the price of decoding on the cores that train. The files are in the system's cache: a disk is not measured.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setBackend } from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import {
  cache,
  type EpochPass,
  epochOrder,
  type ImageBatch,
  type ImageDataset,
  imageBatches,
} from '../src/data/index.js';
import { resnet18 } from '../src/models/index.js';
import { decodeImage, imageFolder } from '../src/node/index.js';
import { randomGenerator } from '../src/random/index.js';
import { SimCLR } from '../src/training/index.js';
import { setThreadCount } from '../src/wasm/index.js';

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '384' },
    side: { type: 'string', default: '64' },
    batch: { type: 'string', default: '32' },
    epochs: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'string' },
  },
});
const side = Number(values.side);
const batchSize = Number(values.batch);
const epochs = Array.from({ length: Number(values.epochs) }, (_, epoch) => epoch + 1);
if (Number(values.pictures) < 5 * batchSize) {
  throw new Error('--pictures must be five batches at least: four of an epoch are not counted.');
}

/** Something between a photograph and noise, so that its JPEG is as large as a photograph's. */
async function writePhotographs(folder: string, count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const random = randomGenerator(i);
    const data = Uint8Array.from({ length: 125 * 94 * 3 }, () => random.integer(256));
    const picture = sharp(data, { raw: { width: 125, height: 94, channels: 3 } });
    const path = join(folder, `${String(i).padStart(4, '0')}.jpg`);
    writeFileSync(path, await picture.resize(500, 375).jpeg({ quality: 90 }).toBuffer());
    paths.push(path);
  }
  return paths;
}

/** Decodes a batch when it is asked for, as a loop does that knows of no prefetching. */
function onDemand(paths: readonly string[]): ImageDataset {
  return async function* (pass: EpochPass): AsyncGenerator<ImageBatch> {
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
  };
}

interface Measured {
  name: string;
  /** Share of the time in which the step waited for data. */
  waiting: number;
  /** Of a step, in the middle of all. */
  medianWaitMilliseconds: number;
  /** Of the step that waited longest. */
  longestWaitMilliseconds: number;
  stepMilliseconds: number;
  pairsPerSecond: number;
}

async function measure(name: string, dataset: ImageDataset, epochs: readonly number[]): Promise<Measured> {
  const simclr = new SimCLR({ encoder: resnet18({ inputShape: [side, side, 3], stem: 'small', width: 16 }) });
  const waits: number[] = [];
  let worked = 0;
  for (const epoch of epochs) {
    const batches = imageBatches(dataset, { batchSize, epoch });
    for (;;) {
      const asked = performance.now();
      const next = await batches.next();
      const given = performance.now();
      if (next.done) break;
      const { images, indices, number } = next.value;
      await simclr.trainStep(images, { indices, epoch });
      images.dispose();
      // As `fit` does, and the only moment at which this thread hears of files and threads.
      await new Promise((resolve) => setImmediate(resolve));
      // The first batches of an epoch cannot be ready, and those made ready meanwhile wait less than others.
      if (number < 4) continue;
      waits.push(given - asked);
      worked += performance.now() - given;
    }
  }
  simclr.dispose();
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

setThreadCount(Number(values.threads));
await setBackend('wasm');
const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-bench-'));
const results: Measured[] = [];
try {
  const paths = await writePhotographs(folder, Number(values.pictures));
  await measure('warm-up', onDemand(paths.slice(0, 2 * batchSize)), [0]); // too few to count: its figures mean nothing
  const here = await imageFolder(folder, { size: side, workers: 0 });
  const threads = await imageFolder(folder, { size: side });
  const cached = await imageFolder(folder, { size: side, cache: cache({ maxBytes: 1e9 }) });
  for await (const { images } of imageBatches(cached, { batchSize })) images.dispose();
  for (const [name, dataset] of [
    ['decoded when asked for', onDemand(paths)],
    ['ahead, by the calling thread', here],
    ['ahead, by other threads', threads],
    ['from the cache', cached],
  ] as const) {
    const result = await measure(name, dataset, epochs);
    results.push(result);
    const { waiting, medianWaitMilliseconds, longestWaitMilliseconds, stepMilliseconds, pairsPerSecond } =
      result;
    const wait = `${medianWaitMilliseconds.toFixed(1)} ms, at most ${longestWaitMilliseconds.toFixed(1)}`;
    console.log(
      `${name.padEnd(30)} ${(100 * waiting).toFixed(1).padStart(5)} % waiting (${wait})  ${stepMilliseconds.toFixed(0).padStart(5)} ms a step  ${pairsPerSecond.toFixed(1).padStart(6)} pairs/s`,
    );
  }
  await threads.close();
  await cached.close();
} finally {
  rmSync(folder, { recursive: true });
}
if (values.json) {
  const setting = {
    pictures: Number(values.pictures),
    side,
    batchSize,
    epochs: epochs.length,
    cores: availableParallelism(),
    threads: Number(values.threads),
  };
  writeFileSync(values.json, `${JSON.stringify({ setting, results }, null, 2)}\n`);
}
