import { layers, sequential } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { explainMemory } from '../../src/backend/explain-memory.js';
import { BackendError } from '../../src/errors/index.js';
import { normalizedEncoder, rejection, tinyEncoder, tinyPictures, tinySimCLR } from './tiny.js';

const any = () => true;

it.each([
  'Requested texture size [40000x40000] greater than WebGL maximum on this browser / GPU [16384x16384].',
  'Out of memory',
])('says how large the step was and what to lower: %s', (message) => {
  const cause = new Error(message);
  const error = explainMemory(cause, 64, undefined, any) as Error;
  expect(error).toBeInstanceOf(BackendError);
  expect(error.cause).toBe(cause);
  expect(error.message).toMatch(/a step of 64 pictures, 64 at a time; set microBatchSize to a divisor of 64/);
  expect(error.message).toContain(message);
});

it('leaves other errors alone', () => {
  const error = new Error('the shapes differ');
  expect(explainMemory(error, 64, undefined, any)).toBe(error);
});

it.each([
  [250, undefined, 50],
  [64, undefined, 16],
  [6, undefined, 1],
  [22, undefined, 2],
  [64, 16, 4],
  [64, 4, 1],
])('proposes a divisor: of %i pictures, %s at a time, %i', (pictures, at, size) => {
  const { message } = explainMemory(new Error('OOM'), pictures, at, any) as Error;
  expect(message).toContain(`such as ${size}, `);
  expect(pictures % size).toBe(0);
});

it('proposes only what fit takes', async () => {
  const full = () => {
    throw new Error('Array buffer allocation failed');
  };
  const advice = async (encoder = tinyEncoder(), pictures = 4, microBatchSize?: number) => {
    const simclr = tinySimCLR({ encoder, loss: full });
    const options = { batchSize: pictures, ...(microBatchSize !== undefined && { microBatchSize }) };
    const { message } = await rejection(simclr.fit(tinyPictures(pictures), options));
    simclr.dispose();
    return message;
  };
  expect(await advice()).toContain('set microBatchSize to a divisor of 4, such as 1,');
  expect(await advice(normalizedEncoder())).toContain('set microBatchSize to a divisor of 4, such as 2,');
  const none =
    /at a time; lower batchSize, the size of the pictures or the width of the encoder\. The backend/;
  expect(await advice(normalizedEncoder(), 7)).toMatch(none);
  expect(await advice(normalizedEncoder(), 8, 2)).toMatch(none);
  const dropping = sequential({
    layers: [
      layers.conv2d({ inputShape: [8, 8, 3], filters: 8, kernelSize: 3 }),
      layers.dropout({ rate: 0.5 }),
      layers.globalAveragePooling2d({}),
    ],
  });
  expect(await advice(dropping, 8)).toMatch(none);
});
