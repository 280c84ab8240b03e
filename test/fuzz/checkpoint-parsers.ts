import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { directory } from '../../src/node/index.js';
import { SGD, warmupCosineSchedule } from '../../src/optimizers/index.js';
import { compareRuns, readRun } from '../../src/report/index.js';
import { formatManifest, parseManifest } from '../../src/training/checkpoints/manifest.js';
import { SimCLR } from '../../src/training/index.js';
import { memoryStore, normalizedEncoder, tinyPictures, tinySimCLR } from '../training/tiny.js';
import type { FuzzedParser } from './fuzz.js';
import { mutateText, mutateValue } from './json-mutations.js';
import { pick } from './mutations.js';

const manifest = formatManifest({
  checkpoints: [
    { name: 'step-0000000100', step: 100, value: 0.5 },
    { name: 'step-0000000200', step: 200 },
  ],
});

/** What a small trainer saves after a step. */
async function savedArtifacts(): Promise<io.ModelArtifacts> {
  const schedule = warmupCosineSchedule({ peak: 0.1, warmupSteps: 1, totalSteps: 9 });
  const simclr = tinySimCLR({
    encoder: normalizedEncoder(),
    optimizer: new SGD({ learningRate: schedule, momentum: 0.9 }),
    normalization: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.2, 0.3] },
  });
  await simclr.fit(tinyPictures(4), { batchSize: 4 });
  const store = memoryStore();
  await simclr.save(store);
  simclr.dispose();
  return store.artifacts!;
}

/**
 * The readers of checkpoints: their list, and themselves with mutated metadata, topologies or descriptions of weights
 * (whose bytes are guarded by a sum). A backend must be active.
 */
export async function checkpointParsers(): Promise<Record<string, FuzzedParser>> {
  const { weightData, ...json } = await savedArtifacts();
  return {
    'checkpoint manifest': {
      weight: 20,
      run: (random) => parseManifest(mutateText(manifest, random)),
    },
    'model folder': {
      weight: 1,
      async run(random) {
        const folder = mkdtempSync(join(tmpdir(), 'simclr-fuzz-'));
        try {
          await directory(folder).save({ ...json, weightData: weightData! });
          const file = join(folder, 'model.json');
          const model = JSON.parse(readFileSync(file, 'utf8'));
          // Without its sums: the files of TensorFlow.js have none.
          delete model.jsonSha256;
          if (random.bernoulli(0.5)) delete model.weightsSha256;
          const part = pick(random, [model, model.weightsManifest]);
          for (let edits = 1 + random.integer(2); edits > 0; edits--) mutateValue(part, random);
          const text = JSON.stringify(model);
          writeFileSync(file, random.bernoulli(0.1) ? mutateText(text, random) : text);
          await directory(folder).load();
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
    },
    'run folder': {
      weight: 1,
      async run(random) {
        const folder = mkdtempSync(join(tmpdir(), 'simclr-fuzz-'));
        try {
          const changed = pick(random, ['losses.jsonl', 'training.json', 'evaluation.json']);
          const write = (name: string, value: unknown) => {
            const copy = { value };
            if (name === changed) mutateValue(copy, random);
            const text = `${JSON.stringify(copy.value)}\n`;
            const isTorn = name === changed && random.bernoulli(0.2);
            writeFileSync(join(folder, name), isTorn ? mutateText(text, random) : text);
          };
          write('losses.jsonl', { step: 1, epoch: 0, loss: 2.5, learningRate: 0.1, pairs: 4, seconds: 1 });
          write('training.json', { recipe: { training: { epochs: 2 } }, seed: 1, limit: null });
          write('evaluation.json', {
            classNames: ['a', 'b'],
            pictures: ['1.png', '2.png'],
            labels: [0, 1],
            predictions: { knn: [0, 0], linearProbe: [1, 0] },
          });
          const run = await readRun(folder);
          compareRuns(run, run);
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
    },
    checkpoint: {
      weight: 0.3,
      async run(random) {
        const mutated = structuredClone(json) as io.ModelArtifacts;
        const { userDefinedMetadata, modelTopology, weightSpecs } = mutated;
        const part = pick(random, [mutated, userDefinedMetadata, modelTopology, weightSpecs]);
        for (let edits = 1 + Math.floor(random.uniform() * 2); edits > 0; edits--) mutateValue(part, random);
        if (weightData !== undefined) mutated.weightData = weightData;
        const simclr = await SimCLR.load({ load: async () => mutated });
        simclr.dispose();
      },
    },
  };
}
