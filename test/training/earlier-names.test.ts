import { type io, memory } from '@tensorflow/tfjs-core';
import { SimCLR } from 'simclr-ts';
import { describe, expect, it } from 'vitest';
import fixture from '../fixtures/training/checkpoint.json' with { type: 'json' };
import { memoryStore, tinyPictures } from './tiny.js';

/** A checkpoint that was written before options of optimizers and augmentations got their present names. */
const earlier: io.IOHandler = {
  async load() {
    const { weightData, ...json } = structuredClone(fixture.artifacts);
    const bytes = Uint8Array.from(atob(weightData), (character) => character.charCodeAt(0));
    return { ...(json as unknown as io.ModelArtifacts), weightData: bytes.buffer };
  },
};

describe('a checkpoint with names of an earlier version', () => {
  it('says rule, startRate and semantics', () => {
    const { augmentation, optimizer } = fixture.artifacts.userDefinedMetadata;
    expect(optimizer.config).toMatchObject({
      className: 'SGD',
      learningRate: { rule: 'google', startRate: 0 },
    });
    expect(augmentation.options.semantics).toBe('torchvision');
  });

  it('loads with the present names', async () => {
    const before = memory().numTensors;
    const simclr = await SimCLR.load(earlier);
    expect(simclr.optimizer.getConfig()).toEqual({
      name: 'sgd',
      momentum: 0.9,
      nesterov: false,
      weightDecay: 1e-4,
      weightDecayMode: 'l2',
      excludeFromWeightDecay: 'none',
      learningRate: {
        name: 'warmupCosine',
        peak: 0.1,
        warmupSteps: 2,
        totalSteps: 9,
        start: 0,
        end: 0,
        convention: 'google',
        everySteps: 1,
      },
    });
    expect(simclr.augmentations[0]!.config!.options).toMatchObject({ convention: 'torchvision' });
    simclr.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('resumes as the run that it was, and is saved with the present names', async () => {
    const simclr = await SimCLR.load(earlier);
    await simclr.fit(tinyPictures(8), { batchSize: 4, epochs: 2, resume: true });
    expect(simclr.progress.step).toBe(4);
    const store = memoryStore();
    await simclr.save(store);
    simclr.dispose();
    const saved = JSON.stringify(store.artifacts!.userDefinedMetadata);
    expect(saved).toContain('"convention":"torchvision"');
    expect(saved).not.toMatch(/"(rule|startRate|finalRate|holdSteps|semantics)"/);
  });
});
