import { memory, type NamedTensorMap, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { AdamW, SGD, type StatefulPart } from 'simclr-ts';
import { singleProcess, sumGradients } from 'simclr-ts/distributed';
import { describe, expect, it } from 'vitest';
import { coreOf } from '../../src/training/step/trainer-core.js';
import { failEachKernel } from '../helpers/fail-each-kernel.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, normalizedEncoder, rejection, tinyPictures, tinySimCLR, weightValues } from './tiny.js';

const pictures = tinyPictures(4);

describe('a step that fails at any of its operations', () => {
  it.each([
    ['whole', {}],
    ['in micro-batches', { microBatchSize: 2 }],
  ])('%s: leaves no tensor and no weight changed', async (_, options) => {
    const simclr = tinySimCLR({
      encoder: normalizedEncoder(),
      loss: { name: 'ntXentQueue', queueSize: 4 },
      optimizer: new AdamW({ learningRate: 0.01 }),
    });
    await simclr.trainStep(pictures, options); // the optimizer has its slots from here on
    const before = weightValues(simclr);
    const operations = await failEachKernel(async () => {
      expect(weightValues(simclr)).toEqual(before);
      await simclr.trainStep(pictures, options);
    });
    expect(operations).toBeGreaterThan(50);
    expect(weightValues(simclr)).not.toEqual(before); // the last one went through
    simclr.dispose();
  });
});

describe('a save that fails', () => {
  const part = (fails: boolean): StatefulPart & { tensor: Tensor } => {
    const tensor = tensor1d([1, 2]);
    return {
      tensor,
      capture: () => {
        if (fails) throw new Error('no state');
        return { tensors: { tensor: tensor.clone() } };
      },
      restore: () => {},
    };
  };

  it('at any of its operations leaves no tensor', async () => {
    const own = part(false);
    const simclr = tinySimCLR({
      loss: { name: 'ntXentQueue', queueSize: 4 },
      optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }),
      extraState: { own },
    });
    await simclr.trainStep(pictures);
    await failEachKernel(() => simclr.save(memoryStore()));
    simclr.dispose();
    own.tensor.dispose();
  });

  it('at the second of two states of your own leaves nothing of the first', async () => {
    const [good, bad] = [part(false), part(true)];
    const simclr = tinySimCLR({ extraState: { good, bad } });
    await expectTensors(0, async () => {
      expect((await rejection(simclr.save(memoryStore()))).message).toBe('no state');
    });
    simclr.dispose();
    good.tensor.dispose();
    bad.tensor.dispose();
  });
});

describe('a step of several processes that fails while gradients are summed', () => {
  it('leaves no loss of the own rank', async () => {
    const simclr = tinySimCLR();
    coreOf('test', simclr).parallel = {
      run: (body) => body(),
      overAllProcesses: (loss) => loss,
      sum: async (gradients) => {
        for (const gradient of Object.values(gradients)) gradient.dispose();
        throw new Error('a rank is gone');
      },
    };
    await expectTensors(0, async () => {
      expect((await rejection(simclr.trainStep(pictures))).message).toBe('a rank is gone');
    });
    simclr.dispose();
  });

  it('leaves no gradient', async () => {
    const communicator = { ...singleProcess(), allReduce: () => Promise.reject(new Error('a rank is gone')) };
    const { numTensors } = memory();
    const gradients: NamedTensorMap = { a: tensor1d([1]), b: tensor1d([2]) };
    expect((await rejection(sumGradients(gradients, communicator))).message).toBe('a rank is gone');
    expect(memory().numTensors).toBe(numTensors);
  });
});
