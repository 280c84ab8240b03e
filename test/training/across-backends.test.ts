import type { io } from '@tensorflow/tfjs-core';
import { SimCLR } from 'simclr-ts';
import { expect, it } from 'vitest';
import fixture from '../fixtures/training/checkpoint.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { tinyPictures } from './tiny.js';

/** The checkpoint that test/fixtures/training/write-checkpoint.ts wrote on the cpu backend. */
const written = (): io.IOHandler => ({
  async load() {
    const { weightData, ...json } = structuredClone(fixture.artifacts);
    const bytes = Uint8Array.from(atob(weightData), (character) => character.charCodeAt(0));
    return { ...(json as unknown as io.ModelArtifacts), weightData: bytes.buffer };
  },
});

it('a checkpoint of another backend embeds and trains on as there', async () => {
  const simclr = await SimCLR.load(written());
  expect(simclr.progress.step).toBe(3);
  const pictures = tinyPictures(8);
  const embedding = await simclr.embed(pictures);
  expectClose(await embedding.data(), fixture.embedding, { relative: 1e-5 });
  const losses: number[] = [];
  const callbacks = [{ onStepEnd: ({ loss }: { loss: number }) => void losses.push(loss) }];
  await simclr.fit(pictures, { batchSize: 4, epochs: 3, maxSteps: 2, resume: true, callbacks });
  expectClose(losses, fixture.losses, { relative: 1e-4 });
  embedding.dispose();
  simclr.dispose();
});
