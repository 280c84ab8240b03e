/**
 * Event files of the `tensorBoard` callback, read by TensorBoard. `run.sh` calls it.
 *
 * A run trains, is saved, trains beyond that, and is lost. Then the saved one is loaded and continues into the same folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { io } from '@tensorflow/tfjs-core';
import { SimCLR, type StepRecord } from 'simclr-ts';
import { directory, tensorBoard } from 'simclr-ts/node';
import { useBackend } from '../../helpers/backend.js';
import { hashedValues } from '../../helpers/hashed-values.js';
import { type Answer, file, options, report, reportTrouble, runLane, runPython } from './lane.js';

const small = {
  encoder: { name: 'resnet18', inputShape: [16, 16, 3], width: 2, stem: 'small' },
  augmentation: { name: 'simclrAugmentation', options: { blur: false } },
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
} as const;

async function writeRun(): Promise<StepRecord[]> {
  const simclr = new SimCLR(small);
  const data = hashedValues('pictures', 12 * 768).map((value) => 0.5 + 0.5 * value);
  const pictures = { data: Float32Array.from(data), shape: [12, 16, 16, 3] as const };
  const labels = Array.from({ length: 12 }, (_, i) => `picture ${i}`);
  const settings = () => ({
    batchSize: 4,
    callbacks: [tensorBoard(file('logs'), { views: 2, projector: { images: pictures, labels } })],
  });
  const first = await simclr.fit(pictures, { ...settings(), epochs: 2 });
  await simclr.save(directory(file('saved')) as io.IOHandler);
  await simclr.fit(pictures, { ...settings(), epochs: 2 });
  simclr.dispose();
  const resumed = await SimCLR.load(directory(file('saved')));
  const second = await resumed.fit(pictures, { ...settings(), epochs: 1 });
  resumed.dispose();
  return [...first.steps, ...second.steps];
}

async function main(): Promise<boolean> {
  if (!'tensorboard'.includes(options.only)) return true;
  await useBackend('wasm');
  const steps = await writeRun();
  writeFileSync(file('steps.json'), JSON.stringify(steps));
  runPython('event_files.py');
  const { read, ...trouble } = JSON.parse(readFileSync(file('answers.json'), 'utf8')) as Answer;
  const good = reportTrouble('tensorboard', trouble);
  if (read === undefined) return good;
  return report('tensorboard', 'event files', read as Record<string, number>, 1e-6) && good;
}

await runLane(main);
