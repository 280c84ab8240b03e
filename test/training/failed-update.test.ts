import { memory, type Optimizer, type Tensor, train, type Variable } from '@tensorflow/tfjs-core';
import { AdamW, LARS, type NamedOptimizer, SGD } from 'simclr-ts';
import { lossFromConfig, type ViewLoss } from 'simclr-ts/losses';
import { describe, expect, it } from 'vitest';
import { normalizedEncoder, rejection, tinyPictures, tinySimCLR, weightValues } from './tiny.js';

const pictures = tinyPictures(4);

/** Lets the update of a step's third variable fail, once it is told to. */
function failing<T extends Optimizer>(optimizer: T): T & { fails: boolean } {
  const own = optimizer as T & {
    fails: boolean;
    update(value: Variable, ...others: unknown[]): void;
  };
  own.fails = false;
  const { update } = own;
  let count = 0;
  own.update = function (...call) {
    if (this.fails && ++count % 3 === 0) throw new Error('half-way');
    update.apply(this, call);
  };
  return own;
}

const optimizers: [string, () => NamedOptimizer][] = [
  ['SGD', () => new SGD({ learningRate: 0.1, momentum: 0.9 })],
  ['AdamW', () => new AdamW({ learningRate: 0.01 })],
  ['LARS', () => new LARS({ learningRate: 0.1 })],
];

/** NT-Xent with a queue, whose `afterStep` fails once it is told to, after it has changed its state. */
function failingLoss(): ViewLoss & { fails: boolean } {
  const loss = lossFromConfig({ name: 'ntXentQueue', queueSize: 8 }, { dim: 8 });
  const after = loss.afterStep!;
  const own = { ...loss, fails: false };
  own.afterStep = (views) => {
    after(views);
    if (own.fails) throw new Error('after the step');
  };
  return own;
}

const stateOf = async (optimizer: NamedOptimizer) => {
  const { step, variables } = await optimizer.state();
  // Names of variables have a counter of the process.
  return { step, variables: Object.values(variables) };
};

const queueOf = (loss: ViewLoss) =>
  Object.values(loss.capture?.().tensors ?? {}).map((tensor) => {
    const values = (tensor as Tensor).dataSync();
    (tensor as Tensor).dispose();
    return values;
  });

describe('a trainer whose update fails half-way', () => {
  it.each(optimizers)('%s: is as it was before, at the first step and later', async (_, make) => {
    const optimizer = failing(make());
    const simclr = tinySimCLR({ encoder: normalizedEncoder(), optimizer });
    const untouched = tinySimCLR({ encoder: normalizedEncoder(), optimizer: make() });
    untouched.encoder.setWeights(simclr.encoder.getWeights());
    for (let step = 0; step < 2; step++) {
      const before = { weights: weightValues(simclr), state: await stateOf(optimizer) };
      const { numTensors } = memory();
      optimizer.fails = true;
      expect((await rejection(simclr.trainStep(pictures))).message).toBe('half-way');
      optimizer.fails = false;
      expect(memory().numTensors).toBe(numTensors);
      expect(weightValues(simclr)).toEqual(before.weights);
      expect(await stateOf(optimizer)).toEqual(before.state);
      expect(simclr.progress.step).toBe(step);
      await simclr.trainStep(pictures);
      await untouched.trainStep(pictures);
      expect(weightValues(simclr)).toEqual(weightValues(untouched));
      expect(await stateOf(optimizer)).toEqual(await stateOf(untouched.optimizer as NamedOptimizer));
    }
    simclr.dispose();
    untouched.dispose();
  });

  it('has its weights back with an optimizer of tfjs too', async () => {
    const optimizer = train.momentum(0.1, 0.9);
    const simclr = tinySimCLR({ optimizer });
    const before = weightValues(simclr);
    const apply = optimizer.applyGradients;
    optimizer.applyGradients = (gradients) => {
      apply.call(optimizer, gradients);
      throw new Error('half-way');
    };
    expect((await rejection(simclr.trainStep(pictures))).message).toBe('half-way');
    expect(weightValues(simclr)).toEqual(before);
    simclr.dispose();
  });
});

describe('a trainer whose loss fails after the step', () => {
  it.each(optimizers)('%s: is as it was before', async (_, make) => {
    const optimizer = make();
    const loss = failingLoss();
    const simclr = tinySimCLR({ optimizer, loss });
    for (let step = 0; step < 2; step++) {
      const before = { weights: weightValues(simclr), state: await stateOf(optimizer), queue: queueOf(loss) };
      const { numTensors } = memory();
      loss.fails = true;
      expect((await rejection(simclr.trainStep(pictures))).message).toBe('after the step');
      loss.fails = false;
      expect(memory().numTensors).toBe(numTensors);
      expect(weightValues(simclr)).toEqual(before.weights);
      expect(await stateOf(optimizer)).toEqual(before.state);
      expect(queueOf(loss)).toEqual(before.queue);
      await simclr.trainStep(pictures);
    }
    simclr.dispose();
  });
});
