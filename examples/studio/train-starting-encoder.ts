/**
 * Trains the encoder that people may start from in the studio, on CIFAR-10 without its labels. It uses no picture of
 * calibrate.ts, which measures whether it helps.
 *
 *     npx tsx examples/studio/train-starting-encoder.ts --minutes 120 --out runs/studio/starting-encoder.safetensors
 *     npx vite build examples/studio  # with STUDIO_STARTING_ENCODER set to that file
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import type { AdamW, Callback, SimCLR } from 'simclr-ts';
import { stateDict, writeSafetensors } from 'simclr-ts/interop';
import { onInterrupt } from 'simclr-ts/node';
import { wasmMemory } from 'simclr-ts/wasm';
import { startingEncoderPictures } from './calibration/cifar-pictures.js';
import { number, type SharedOptions, withSharedOptions } from './calibration/options.js';
import { memoryText, startWasm } from './calibration/start-wasm.js';
import { liveAugmentation } from './worker/live-augmentation.js';
import { newModel } from './worker/model.js';
import { asImages } from './worker/vectors/vectors-of.js';

interface Options extends SharedOptions {
  pictures: number;
  minutes: number;
  out: string;
}

/** Share of the time in which the learning rate rises; then it falls along half a cosine. */
const warmupShare = 0.05;
const minutesBetweenSaves = 10;

const command = withSharedOptions(new Command('npx tsx examples/studio/train-starting-encoder.ts'))
  .description('Trains the encoder that people may start from in the studio, on CIFAR-10 without its labels.')
  .requiredOption('--out <file>', 'the safetensors file to write')
  .option('--minutes <m>', 'training time', number(0.05, false), 120)
  .option('--pictures <n>', 'unlabeled pictures, of 40,000', number(64), 40_000)
  .parse();
const { classes, minutes, out, pictures: pictureCount, set, threads } = command.opts<Options>();
const { training: settings, augmentation } = set;
const log = (text: string) => console.error(text);

await mkdir(dirname(out), { recursive: true }); // fail before any work if the folder cannot be written
await startWasm(threads);
const { pictures } = await startingEncoderPictures(pictureCount, classes, log);
const count = pictures.names.length;
const simclr = await newModel(
  settings,
  liveAugmentation(augmentation, settings.viewSize).transform,
  pictures,
);
let seconds = 0;
let pairs = 0;

const share = () => seconds / (60 * minutes);
(simclr.optimizer as AdamW).learningRate = () => {
  const part = Math.min(share(), 1);
  if (part < warmupShare) return settings.learningRate * Math.max(part / warmupShare, 0.02);
  const down = (part - warmupShare) / (1 - warmupShare);
  return (settings.learningRate / 2) * (1 + Math.cos(Math.PI * down));
};

/** Writes the encoder with a description; an existing file is replaced only when the new one is complete. */
async function save(trainer: SimCLR): Promise<void> {
  const metadata = {
    network: 'resnet18',
    stem: 'imagenet',
    width: String(settings.width),
    pictures: `${settings.viewSize}x${settings.viewSize} RGB in [0, 1]`,
    training: `SimCLR on ${count} pictures of CIFAR-10, ${pairs} pairs`,
  };
  await writeFile(`${out}.part`, writeSafetensors(await stateDict(trainer.encoder), { metadata }));
  await rename(`${out}.part`, out);
}

function reports(): Callback {
  let said = 0;
  let saved = 0;
  return {
    async onStepEnd(step, context) {
      pairs += step.pairs;
      seconds += step.seconds;
      if (seconds - said >= 60) {
        said = seconds;
        const speed = `${(pairs / seconds).toFixed(0)} pairs/s`;
        log(
          `  ${(seconds / 60).toFixed(0)} min: pass ${step.epoch + 1}, loss ${step.loss.toFixed(3)}, ${speed}, ${memoryText(wasmMemory().heapBytes)}`,
        );
      }
      if (seconds - saved >= 60 * minutesBetweenSaves) {
        saved = seconds;
        await save(simclr);
      }
      if (share() >= 1) context.stop('the time is up');
    },
  };
}

log(`Training on ${count} pictures for ${minutes} min; Ctrl-C ends early and saves the encoder ...`);
const interrupt = onInterrupt();
await simclr.fit(asImages(pictures), {
  epochs: 1_000_000,
  batchSize: Math.min(settings.batchSize, count),
  callbacks: [reports()],
  signal: interrupt.signal,
});
interrupt.dispose();
await save(simclr);
console.log(`${out}: ${pairs} pairs in ${(seconds / 60).toFixed(1)} min`);
simclr.dispose();
