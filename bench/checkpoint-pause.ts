/**
 * How long a checkpoint delays training, as a share of a step: `tsx bench/checkpoint-pause.ts`. The size of the main job:
 * ResNet-18 of width 64 at 96x96, batches of 32 pairs, SGD with momentum, wasm.
 *
 * A step blocks its thread from beginning to end, so the delay is the time that saving keeps that thread
 * busy, measured by `performance.eventLoopUtilization` over a save with nothing
 * else running. Hashing and writing happen in another thread and are not part of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { ready, setBackend } from '@tensorflow/tfjs-core';
import { randomGenerator, resnet18, SGD, SimCLR } from 'simclr-ts';
import { directory } from 'simclr-ts/node';
import { setThreadCount } from 'simclr-ts/wasm';
import { median, quartiles } from './statistics.js';

/** Allowed delay by a checkpoint, as a share of a step. */
const allowedShare = 0.05;

/** Measures the delay: `value` is the share of a step; `ratio` is the allowed share over it, so that more is better. */
export async function measureCheckpointPause({ batch = 32, rounds = 7, threads = 2 } = {}) {
  setThreadCount(threads);
  await setBackend('wasm');
  await ready();
  const random = randomGenerator(1);
  const data = Float32Array.from({ length: batch * 96 * 96 * 3 }, () => random.uniform());
  const images = { data, shape: [batch, 96, 96, 3] as [number, number, number, number] };
  const simclr = new SimCLR({
    encoder: resnet18({ inputShape: [96, 96, 3] }),
    optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }),
  });
  const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-pause-'));
  const steps: number[] = [];
  const pauses: number[] = [];
  const writes: number[] = [];
  try {
    for (let round = -2; round < rounds; round++) {
      const began = performance.now();
      await simclr.trainStep(images);
      const step = performance.now() - began;
      const before = performance.eventLoopUtilization();
      const saving = performance.now();
      await simclr.save(directory(folder));
      const { active } = performance.eventLoopUtilization(before);
      if (round < 0) continue;
      steps.push(step);
      pauses.push(active);
      writes.push(performance.now() - saving);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    simclr.dispose();
  }
  const shares = pauses.map((pause, round) => pause / steps[round]!);
  const value = median(pauses) / median(steps);
  return {
    name: 'checkpoint-pause',
    value,
    unit: 'share of a step',
    ratio: allowedShare / value,
    spread: quartiles(shares),
    pauseMilliseconds: median(pauses),
    stepMilliseconds: median(steps),
    writeMilliseconds: median(writes),
    rounds,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  console.log(JSON.stringify(await measureCheckpointPause(), null, 2));
}
