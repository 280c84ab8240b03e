/**
 * A training run for tests to kill. spawn.ts bundles and starts it with a {@link ChildTask} as JSON, its only argument. It
 * reports each event as a line of JSON, unbuffered.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import {
  add,
  backend,
  mul,
  ready,
  setBackend,
  type Tensor,
  tensor1d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { simclrAugmentation } from '../../src/augmentations/index.js';
import type { ImageArray } from '../../src/data/index.js';
import { BatchNormalization, projectionHead } from '../../src/models/index.js';
import { checkpointDirectory, onInterrupt } from '../../src/node/index.js';
import { AdamW, warmupCosineSchedule } from '../../src/optimizers/index.js';
import { randomGenerator } from '../../src/random/index.js';
import {
  type Callback,
  checkpoint,
  latestCheckpoint,
  SimCLR,
  type StatefulPart,
} from '../../src/training/index.js';
import type { ChildMessage, ChildTask } from './messages.js';

const task = JSON.parse(process.argv[2]!) as ChildTask;
const say = (message: ChildMessage) => writeSync(1, `${JSON.stringify(message)}\n`);

/** An exponential mean of the losses: something that must be saved besides weights and optimizer. */
class LossMean implements StatefulPart {
  private mean: Tensor = zeros([2]);
  private count = 0;

  add(loss: number): void {
    const next = tidy(() => add(mul(this.mean, 0.9), mul(tensor1d([loss, this.count]), 0.1)));
    this.mean.dispose();
    this.mean = next;
    this.count++;
  }

  capture() {
    return { tensors: { mean: this.mean.clone() }, json: { count: this.count } };
  }

  restore({ tensors, json }: { tensors: Record<string, Tensor>; json: unknown }): void {
    this.mean.dispose();
    this.mean = tensors.mean!.clone();
    this.count = (json as { count: number }).count;
  }
}

/** 24 pictures of 8x8, so that an epoch has three steps of 8. */
function pictures(): ImageArray {
  const random = randomGenerator(5);
  const data = Float32Array.from({ length: 24 * 192 }, () => random.uniform());
  return { data, shape: [24, 8, 8, 3] };
}

/** Small enough for steps of milliseconds; with state of AdamW some 3 MB, so that a thread writes it. */
function newTrainer(extraState: Record<string, StatefulPart>): SimCLR {
  const kernelInitializer = { className: 'HeNormal', config: { seed: 1 } } as never;
  const encoder = sequential({
    layers: [
      layers.conv2d({ inputShape: [8, 8, 3], filters: 8, kernelSize: 3, strides: 2, kernelInitializer }),
      new BatchNormalization({ activation: 'relu' }),
      layers.globalAveragePooling2d({}),
    ],
  });
  return new SimCLR({
    encoder,
    projectionHead: projectionHead({ inputDim: 8, hidden: [task.width, task.width], outputDim: 8, seed: 2 }),
    augmentation: simclrAugmentation({ size: 8, blur: false }),
    optimizer: new AdamW({
      learningRate: warmupCosineSchedule({ peak: 1e-3, warmupSteps: 50, totalSteps: 20_000 }),
      weightDecay: 1e-4,
    }),
    seed: 3,
    extraState,
  });
}

/** All that a run is: weights, statistics, optimizer, extra state and position, as one hash. */
async function hashOf(simclr: SimCLR): Promise<string> {
  const hash = createHash('sha256');
  await simclr.save({
    save: async ({ weightData, weightSpecs, userDefinedMetadata }) => {
      const { progress, extraState } = userDefinedMetadata as Record<string, object>;
      // The time that a run took is its own.
      hash.update(JSON.stringify([weightSpecs, { ...progress, seconds: 0 }, extraState]));
      hash.update(new Uint8Array(weightData as ArrayBuffer));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  return hash.digest('hex');
}

/** Takes all memory that the wasm backend can have, without touching it. */
function exhaustMemory(): void {
  const { wasm } = backend() as unknown as { wasm: { _malloc(bytes: number): number } };
  for (let bytes = 2 ** 29; bytes >= 2 ** 8; bytes /= 2) {
    try {
      for (;;) wasm._malloc(bytes);
    } catch {} // no more of this size
  }
}

/** Ends a thread of the pool, as a crash of it would. */
async function endThread(): Promise<void> {
  const { kernelModule } = await import('../../src/wasm/module/kernel-module.js');
  (kernelModule() as unknown as { pool: { terminators: (() => void)[] } }).pool.terminators[0]!();
  await new Promise((resolve) => setTimeout(resolve, 200)); // the news comes through the event loop
}

async function run(): Promise<void> {
  if (task.backend === 'wasm') {
    const { setThreadCount } = await import('../../src/wasm/index.js');
    setThreadCount(task.threads);
  } else await import('@tensorflow/tfjs-backend-cpu');
  await setBackend(task.backend);
  await ready();

  const store = checkpointDirectory(task.folder);
  const announced = {
    ...store,
    at(name: string) {
      const handler = store.at(name) as ReturnType<typeof store.at> & {
        saveOwned(artifacts: never): Promise<never>;
      };
      return {
        ...handler,
        saveOwned: (artifacts: never) => {
          say({ kind: 'writing', step: Number(name.slice(5)) });
          return handler.saveOwned(artifacts);
        },
      };
    },
  };
  const mean = new LossMean();
  const extraState = { mean };
  const latest = await latestCheckpoint(store, {
    onDamaged: (damaged) => say({ kind: 'damaged', ...damaged }),
  });
  const simclr = latest ? await SimCLR.load(latest, { extraState }) : newTrainer(extraState);
  say({ kind: 'resumed', step: simclr.progress.step });

  const interrupt = onInterrupt();
  const fault: Callback = {
    async onStepEnd({ step, loss }) {
      mean.add(loss);
      say({ kind: 'step', step: step + 1 });
      if (step + 1 !== task.faultAt) return;
      if (task.fault === 'memory') exhaustMemory();
      else if (task.fault === 'thread') await endThread();
      else if (task.fault === 'callback') throw new Error('a callback of the user');
    },
  };
  const saving = checkpoint(announced, {
    everySteps: task.everySteps,
    everyEpochs: 0,
    keep: 3,
    best: 'loss',
    onSaved: (step) => say({ kind: 'saved', step }),
  });
  const { outcome } = await simclr.fit(pictures(), {
    epochs: 1e9,
    batchSize: 8,
    resume: true,
    maxSteps: Math.max(1, task.until - simclr.progress.step),
    signal: interrupt.signal,
    callbacks: task.everySteps > 0 ? [fault, saving] : [fault],
  });
  interrupt.dispose();
  say({ kind: 'done', outcome, step: simclr.progress.step, hash: await hashOf(simclr) });
}

run().catch((error: Error) => {
  say({ kind: 'error', name: error.name, message: error.message });
  process.exitCode = 1;
});
