import { scalar, tensor, tensor1d, variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { AdamW, LARS, type NamedOptimizer, optimizerFromConfig, SGD } from '../../src/optimizers/index.js';
import optax from '../fixtures/optimizers/optax.json' with { type: 'json' };
import reference from '../fixtures/optimizers/optimizers.json' with { type: 'json' };
import solo from '../fixtures/optimizers/solo.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { bowl, takeStep } from './bowl.js';

const learningRate = (step: number) => 0.1 / (step + 1);

const makers: Record<string, (options: object) => NamedOptimizer> = {
  SGD: (options) => new SGD({ learningRate, ...options }),
  AdamW: (options) => new AdamW({ learningRate, ...options }),
  LARS: (options) => new LARS({ learningRate, ...options }),
};

interface Case {
  name: string;
  optimizer: string;
  options: object;
  /** The weights after the first and after the last step. */
  path: Array<{ kernel: number[]; bias: number[] }>;
}

const references: Array<[string, { steps: number; cases: Case[] }, number]> = [
  ['PyTorch and the published formulas, in float64', reference, 3e-7],
  ['optax, in float32', optax, 1e-6],
  ["solo-learn's own class, in float64", solo, 3e-7],
];

describe.each(references)('weights after some steps agree with %s', (_, { steps, cases }, absolute) => {
  it.each(cases)('$optimizer: $name', async ({ optimizer: className, options, path }) => {
    const problem = bowl();
    const optimizer = makers[className]!(options);
    takeStep(problem, optimizer);
    expectClose((await problem.values()).flat(), [...path[0]!.kernel, ...path[0]!.bias], { absolute });
    for (let step = 1; step < steps; step++) takeStep(problem, optimizer);
    expectClose((await problem.values()).flat(), [...path[1]!.kernel, ...path[1]!.bias], {
      absolute: 3 * absolute,
    });
    optimizer.dispose();
    problem.dispose();
  });
});

describe('LARS by hand', () => {
  // w = [3, 4] (length 5), gradient [0, 1] in both steps, rate 1, momentum 0.5, trust 0.1, no weight decay.
  // Step 1: ratio 0.1 * 5 / 1 = 0.5, v = [0, 0.5], w = [3, 3.5].
  // Step 2: |w| = sqrt(21.25), ratio 0.1 * 4.609772 = 0.4609772, v = [0, 0.25 + 0.4609772], w = [3, 2.7890228].
  it('takes two steps of the google convention', async () => {
    const weights = variable(tensor1d([3, 4]), true, 'by-hand/kernel');
    const gradient = tensor1d([0, 1]);
    const optimizer = new LARS({ learningRate: 1, momentum: 0.5, trustCoefficient: 0.1, weightDecay: 0 });
    optimizer.applyGradients({ [weights.name]: gradient });
    expectClose(await weights.data(), [3, 3.5], { absolute: 1e-6 });
    optimizer.applyGradients({ [weights.name]: gradient });
    expectClose(await weights.data(), [3, 2.7890228], { absolute: 1e-6 });
    optimizer.dispose();
    weights.dispose();
  });

  it.each(['google', 'lightly'] as const)(
    'takes the plain step from zero weights or a zero gradient: %s',
    async (convention) => {
      const zero = variable(tensor1d([0, 0]), true, `zero-weights-${convention}/kernel`);
      const still = variable(tensor1d([1, 2]), true, `zero-gradient-${convention}/kernel`);
      const optimizer = new LARS({
        learningRate: 0.1,
        momentum: 0,
        weightDecay: convention === 'google' ? 0 : 0.5,
        convention,
      });
      optimizer.applyGradients({ [zero.name]: tensor1d([1, -2]), [still.name]: tensor1d([0, 0]) });
      expectClose(await zero.data(), [-0.1, 0.2], { absolute: 1e-7 });
      expect(Array.from(await still.data())).toEqual([1, 2]);
      zero.dispose();
      still.dispose();
    },
  );

  it('treats decay and adaptation apart', async () => {
    const make = (name: string) => variable(tensor1d([3, 4]), true, `apart/${name}`);
    const gradient = tensor1d([0, 1]);
    const [a, b] = [make('a'), make('b')];
    const optimizer = new LARS({
      learningRate: 1,
      momentum: 0,
      trustCoefficient: 0.1,
      weightDecay: 0.5,
      excludeFromWeightDecay: (name) => name.endsWith('/a'),
      excludeFromAdaptation: (name) => name.endsWith('/b'),
    });
    optimizer.applyGradients([a, b].map(({ name }) => ({ name, tensor: gradient })));
    expectClose(await a.data(), [3, 3.5], { absolute: 1e-6 }); // no decay, ratio 0.5
    expectClose(await b.data(), [1.5, 1], { absolute: 1e-6 }); // decay [1.5, 2], ratio 1
    for (const item of [a, b]) item.dispose();
  });

  it('adds the decay without a ratio where lightly adaptation is switched off', async () => {
    const weights = variable(tensor1d([3, 4]), true, 'lightly-apart/kernel');
    const options = { learningRate: 1, momentum: 0, weightDecay: 0.5, convention: 'lightly' } as const;
    const optimizer = new LARS({
      ...options,
      excludeFromWeightDecay: 'none',
      excludeFromAdaptation: () => true,
    });
    optimizer.applyGradients({ [weights.name]: tensor1d([0, 1]) });
    expectClose(await weights.data(), [1.5, 1], { absolute: 1e-6 });
    weights.dispose();
  });

  it('adds its epsilon to the denominator of the ratio', async () => {
    const weights = variable(scalar(2), true, 'epsilon/kernel');
    const optimizer = new LARS({
      learningRate: 1,
      momentum: 0,
      trustCoefficient: 1,
      weightDecay: 0,
      epsilon: 3,
    });
    optimizer.applyGradients({ [weights.name]: scalar(1) });
    expectClose(await weights.data(), [2 - 2 / (1 + 3)], { absolute: 1e-6 });
    weights.dispose();
  });
});

describe('excludeFromWeightDecay', () => {
  it.each(['SGD', 'AdamW'])('spares what it names: %s', async (className) => {
    const problem = bowl();
    const run = async (excludeFromWeightDecay: unknown, weightDecay: number) => {
      const before = await problem.values();
      const options = { learningRate: 0.1, weightDecay, excludeFromWeightDecay };
      const optimizer = makers[className]!(options);
      takeStep(problem, optimizer);
      const after = await problem.values();
      optimizer.dispose();
      for (const [i, item] of [problem.kernel, problem.bias].entries())
        item.assign(tensor(before[i]!, item.shape));
      return after;
    };
    const [undecayed, decayed, spared] = [
      await run('none', 0),
      await run('none', 0.5),
      await run('biasAndNormalization', 0.5),
    ];
    expect(spared[0]).toEqual(decayed[0]);
    expect(spared[1]).toEqual(undecayed[1]);
    expect(decayed[1]).not.toEqual(undecayed[1]);
    problem.dispose();
  });
});

describe('getConfig and optimizerFromConfig', () => {
  it.each([...reference.cases, ...optax.cases])(
    'make the same optimizer again: $optimizer, $name',
    async (item) => {
      const original = makers[item.optimizer]!({ ...item.options, learningRate: 0.05 });
      const config = JSON.parse(JSON.stringify(original.getConfig()));
      const again = optimizerFromConfig(config);
      expect(again.getConfig()).toEqual(original.getConfig());
      expect(again.constructor).toBe(original.constructor);
      const [a, b] = [bowl(), bowl()];
      for (let step = 0; step < 2; step++) {
        takeStep(a, original);
        takeStep(b, again);
      }
      expect(await b.values()).toEqual(await a.values());
      for (const each of [a, b, original, again]) each.dispose();
    },
  );
});
