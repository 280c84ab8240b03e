import type { io } from '@tensorflow/tfjs-core';
import { SGD, warmupCosineSchedule } from '../../src/optimizers/index.js';
import { formatManifest, parseManifest } from '../../src/training/checkpoint-manifest.js';
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
  const schedule = warmupCosineSchedule({ learningRate: 0.1, warmupSteps: 1, totalSteps: 9 });
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
