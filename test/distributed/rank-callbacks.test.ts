import { memory, type Tensor4D } from '@tensorflow/tfjs-core';
import type { Callback, SimCLR } from 'simclr-ts';
import { singleProcess } from 'simclr-ts/distributed';
import { expect, it } from 'vitest';
import { rankCallbacks } from '../../src/distributed/rank-callbacks.js';
import { tinyPictures, tinySimCLR } from '../training/tiny.js';

it('hands on the pictures of the step and the steps that were left out', async () => {
  const before = memory().numTensors;
  const simclr: SimCLR = tinySimCLR({ loss: 'ntXent' });
  const heard: unknown[] = [];
  const callback: Callback = {
    onStepEnd(_, { batch, pictures }) {
      const first = pictures!(2);
      const images = first.images as Tensor4D;
      heard.push(batch!.images?.shape, images.shape, first.indices.length);
      images.dispose();
    },
    onStepSkipped: ({ inSuccession }) => void heard.push(`skipped ${inSuccession}`),
  };
  const { callbacks } = rankCallbacks([callback], undefined, singleProcess());
  await simclr.fit(tinyPictures(4), { batchSize: 4, callbacks });
  expect(heard).toEqual([[4, 8, 8, 3], [2, 8, 8, 3], 2]);
  await callbacks[1]!.onStepSkipped!(
    { step: 1, epoch: 0, batch: 0, loss: Number.NaN, inSuccession: 1, learningRateFactor: 1 },
    { simclr, offTheClock: (work) => work(), stop: () => {} },
  );
  expect(heard.at(-1)).toBe('skipped 1');
  simclr.dispose();
  expect(memory().numTensors).toBe(before);
});
