/**
 * Measures how long indexing waits for decoded pictures: `npx tsx bench/index-decoding.ts` (`--help` lists the flags).
 *
 * Makes JPEG files (500x375 by default), and indexes them by a ResNet-18 of its usual size, and by the smaller network that
 * an index fits where there is no model. Prints the shares of the time, from the first call of the network to the last, in
 * which none was under way, because it waited for pictures, or because vectors were stored, and how busy the cores were: a
 * network that is faster than the decoder waits, but no core does. The files are in the system's cache, so that reading them
 * from the disk is not measured.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { resnet18, SimCLR } from 'simclr-ts';
import { fitReadout, initializeFromImages, type Readout } from 'simclr-ts/features';
import { indexFolder, readImageFolder, useBestBackend } from 'simclr-ts/node';
import { integer } from '../src/cli/options.js';
import { writePhotographs } from './made-photographs.js';

const values = new Command('npx tsx bench/index-decoding.ts')
  .description('Measures how long indexing waits for decoded pictures.')
  .option('--pictures <n>', 'pictures', integer(1), 1500)
  .option('--width <pixels>', 'width of a picture', integer(8), 500)
  .option('--height <pixels>', 'height of a picture', integer(8), 375)
  .option('--json <file>', 'write the results')
  .parse()
  .opts<{ pictures: number; width: number; height: number; json?: string }>();

/** Seconds from the first call of the network to the last, and what of them passes between calls. */
interface Seconds {
  all: number;
  /** From a call until its vectors are stored. */
  storing: number;
  /** From then until the next call. */
  waiting: number;
  /** Seconds that the processor's cores worked for this process meanwhile, all together. */
  cores: number;
}

/** Indexes twice, because the first time the kernels are compiled. */
async function measure(folder: string, model: SimCLR | Readout): Promise<Seconds> {
  const seconds: Seconds = { all: 0, storing: 0, waiting: 0, cores: 0 };
  const indexes = mkdtempSync(join(tmpdir(), 'simclr-ts-index-'));
  try {
    (await indexFolder(folder, { model, location: join(indexes, 'first') })).dispose();
    const embed = model.embed.bind(model) as (...given: unknown[]) => Promise<unknown>;
    let [first, ended, stored] = [Number.NaN, Number.NaN, Number.NaN];
    let usage: NodeJS.CpuUsage;
    const timed = async (...given: unknown[]) => {
      const began = performance.now();
      if (Number.isNaN(first)) {
        first = began;
        usage = process.cpuUsage();
      } else {
        seconds.storing += (stored - ended) / 1000;
        seconds.waiting += (began - stored) / 1000;
      }
      const result = await embed(...given);
      ended = performance.now();
      seconds.all = (ended - first) / 1000;
      const { user, system } = process.cpuUsage(usage);
      seconds.cores = (user + system) / 1e6;
      return result;
    };
    Object.assign(model, { embed: timed });
    const onProgress = () => {
      stored = performance.now();
    };
    (await indexFolder(folder, { model, location: join(indexes, 'second'), onProgress })).dispose();
  } finally {
    rmSync(indexes, { recursive: true, force: true });
  }
  return seconds;
}

const { pictures, width, height } = values;
const backend = await useBestBackend();
console.log(`${pictures} pictures of ${width}x${height}, Node ${process.versions.node}, ${backend.name}`);
const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-bench-'));
const results: object[] = [];
try {
  await writePhotographs(folder, pictures, width, height);
  const small = await readImageFolder(folder, { size: 32 });
  const encoder = resnet18({ inputShape: [32, 32, 3] });
  await initializeFromImages(encoder, small.images, { scale: false });
  const fitted = await fitReadout(encoder, small.images);
  encoder.dispose();
  const simclr = new SimCLR();
  for (const [name, model] of [
    ['ResNet-18 at 96x96', simclr],
    ['the network of an index without a model', fitted],
  ] as const) {
    const { all, storing, waiting, cores } = await measure(folder, model);
    const [waitingShare, storingShare] = [waiting / all, storing / all];
    const busyShare = cores / (all * availableParallelism());
    const shares = { waitingShare, storingShare, busyShare };
    results.push({ name, ...shares, seconds: all, picturesPerSecond: pictures / all });
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    console.log(
      `${name.padEnd(42)} waited ${percent(waitingShare)} and stored ${percent(storingShare)} of ${all.toFixed(1)} s, ` +
        `${(pictures / all).toFixed(0)} pictures/s; cores busy ${percent(busyShare)}`,
    );
    model.dispose();
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
