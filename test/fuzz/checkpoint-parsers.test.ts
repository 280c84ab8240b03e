import { memory } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { checkpointParsers } from './checkpoint-parsers.js';
import { fuzz } from './fuzz.js';

const parsers = await checkpointParsers();

describe('checkpoints that were changed', () => {
  it.each([
    ['checkpoint manifest', 30_000],
    ['checkpoint', 300],
    ['model folder', 600],
    ['run folder', 600],
  ] as const)('%s: read or refused by name, and nothing left behind', async (name, inputs) => {
    const before = memory().numTensors;
    const { accepted, refused } = await fuzz(name, parsers[name]!, inputs, 1);
    expect(accepted).toBeGreaterThan(inputs / 50);
    expect(refused).toBeGreaterThan(inputs / 5);
    // A layer that fails in its making keeps what it had made: tfjs gives no way to it.
    expect(memory().numTensors - before).toBeLessThan(inputs);
  });
});
