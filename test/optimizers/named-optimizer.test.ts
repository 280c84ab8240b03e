import {
  engine,
  mean,
  type Scalar,
  square,
  sub,
  type Tensor,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  type Variable,
  variable,
} from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { CheckpointError, InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import {
  AdamW,
  isBiasOrNormalization,
  LARS,
  type NamedOptimizer,
  optimizerFromConfig,
  SGD,
  warmupCosineSchedule,
} from '../../src/optimizers/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { bowl, takeStep } from './bowl.js';

const makers: Array<[string, () => NamedOptimizer]> = [
  ['SGD', () => new SGD({ learningRate: 0.1, weightDecay: 0.01 })],
  ['SGD without momentum', () => new SGD({ learningRate: 0.1, momentum: 0 })],
  ['AdamW', () => new AdamW({ learningRate: 0.01 })],
  ['LARS', () => new LARS({ learningRate: 0.5, weightDecay: 0.01, trustCoefficient: 0.1 })],
  [
    'LARS, lightly',
    () => new LARS({ learningRate: 0.5, weightDecay: 0.01, trustCoefficient: 0.1, convention: 'lightly' }),
  ],
];

/** Steps in which the bias is left out of every other one. */
function takeSteps(
  problem: ReturnType<typeof bowl>,
  optimizer: NamedOptimizer,
  from: number,
  to: number,
): void {
  for (let step = from; step < to; step++) {
    if (step % 2 === 0) takeStep(problem, optimizer);
    else takeStep(problem, optimizer, problem.kernel);
  }
}

function copyWeights(from: ReturnType<typeof bowl>, to: ReturnType<typeof bowl>): void {
  to.kernel.assign(tidy(() => from.kernel.clone()));
  to.bias.assign(tidy(() => from.bias.clone()));
}

describe.each(makers)('%s', (_, make) => {
  it('keeps the slots of a variable, whoever else takes part and in whatever order', async () => {
    const [alone, mixed] = [bowl(), bowl()];
    const [first, second] = [make(), make()];
    for (let step = 0; step < 4; step++) {
      takeStep(alone, first, alone.kernel);
      if (step % 2 === 0) takeStep(mixed, second, mixed.kernel);
      else {
        const gradients = mixed.gradients();
        const list = Object.entries(gradients).map(([name, gradient]) => ({ name, tensor: gradient }));
        second.applyGradients(list.reverse());
        for (const gradient of Object.values(gradients)) gradient.dispose();
      }
    }
    expect((await mixed.values())[0]).toEqual((await alone.values())[0]);
    expect((await mixed.values())[1]).not.toEqual((await alone.values())[1]);
    for (const each of [alone, mixed, first, second]) each.dispose();
  });

  it('continues bit for bit from a saved state, under other names', async () => {
    const [a, b] = [bowl(), bowl()];
    const [original, resumed] = [make(), make()];
    takeSteps(a, original, 0, 5);
    const state = await original.state((name) => name.replace(/^bowl\d+/, 'stable'));
    const names = Object.keys(state.variables);
    expect(names.sort()).toEqual(['stable/bias', 'stable/kernel']);
    expect(state.variables['stable/bias']!.step).toBe(3);

    copyWeights(a, b);
    const prefix = b.kernel.name.split('/')[0]!;
    resumed.restore(structuredClone(state), (name) => name.replace(/^stable/, prefix));
    expect(resumed.step).toBe(5);
    takeSteps(a, original, 5, 9);
    takeSteps(b, resumed, 5, 9);
    expect(await b.values()).toEqual(await a.values());
    for (const each of [a, b, original, resumed]) each.dispose();
  });

  it('continues from getWeights and setWeights when all variables took every step', async () => {
    const [a] = [bowl()];
    const [original, resumed] = [make(), make()];
    for (let step = 0; step < 3; step++) takeStep(a, original);
    const weights = await original.getWeights();
    await resumed.setWeights(weights);
    weights[0]!.tensor.dispose();
    expect(resumed.step).toBe(3);
    const before = await a.values();
    takeStep(a, original);
    const expected = await a.values();
    a.kernel.assign(tidy(() => tensor(before[0]!, [4, 3])));
    a.bias.assign(tidy(() => tensor(before[1]!, [3])));
    takeStep(a, resumed);
    expect(await a.values()).toEqual(expected);
    for (const each of [a, original, resumed]) each.dispose();
  });

  it('holds a constant number of tensors', async () => {
    const problem = bowl();
    const optimizer = make();
    await expectTensors(0, async () => {
      takeStep(problem, optimizer);
      await expectTensors(0, async () => {
        for (let step = 0; step < 3; step++) takeStep(problem, optimizer);
        await optimizer.state();
        optimizer.restore(await optimizer.state());
      });
      optimizer.dispose();
    });
    problem.dispose();
  });

  it('starts again after dispose', async () => {
    const problem = bowl();
    const optimizer = make();
    const before = await problem.values();
    takeStep(problem, optimizer);
    const once = await problem.values();
    takeStep(problem, optimizer);
    optimizer.dispose();
    expect(optimizer.step).toBe(0);
    problem.kernel.assign(tidy(() => tensor(before[0]!, [4, 3])));
    problem.bias.assign(tidy(() => tensor(before[1]!, [3])));
    takeStep(problem, optimizer);
    expect(await problem.values()).toEqual(once);
    for (const each of [problem, optimizer]) each.dispose();
  });

  it('changes nothing when a gradient is refused', async () => {
    const problem = bowl();
    const optimizer = make();
    const before = await problem.values();
    const gradients: Record<string, Tensor> = problem.gradients(problem.kernel);
    const refused = (extra: Record<string, Tensor>) => () =>
      optimizer.applyGradients({ ...gradients, ...extra });
    const className = optimizer.getClassName();
    await expectTensors(0, () => {
      const wrong = tensor1d([1, 2]);
      expect(refused({ nobody: wrong })).toThrow(InvalidOptionError);
      expect(refused({ nobody: wrong })).toThrow(
        `${className}.applyGradients: each gradient must have the name of a registered variable. Received: name="nobody".`,
      );
      expect(refused({ [problem.bias.name]: wrong })).toThrow(ShapeError);
      expect(refused({ [problem.bias.name]: wrong })).toThrow(
        /gradient of bowl\d+\/bias and variable.*\[2\].*\[3\]/,
      );
      wrong.dispose();
    });
    expect(await problem.values()).toEqual(before);
    expect(optimizer.step).toBe(0);
    problem.dispose();
  });

  it('skips variables whose gradient is missing', async () => {
    const problem = bowl();
    const optimizer = make();
    const before = await problem.values();
    optimizer.applyGradients([{ name: problem.bias.name, tensor: undefined as unknown as Tensor }]);
    expect(await problem.values()).toEqual(before);
    problem.dispose();
  });
});

describe('as an optimizer of tfjs', () => {
  it.each(makers)('minimizes: %s', async (name, make) => {
    const weights = variable(tensor1d([2, -1, 3]), true, `minimize ${name}/kernel`);
    const optimizer = make();
    const loss = () => mean(square(sub(weights, 1))) as Scalar;
    const first = (await loss().data())[0]!;
    optimizer.minimize(loss, false, [weights as Variable])?.dispose();
    await expectTensors(0, () => {
      for (let step = 0; step < 30; step++) optimizer.minimize(loss, true, [weights as Variable])?.dispose();
    });
    expect((await loss().data())[0]).toBeLessThan(0.9 * first);
    for (const each of [optimizer, weights]) each.dispose();
  });

  it('trains a compiled LayersModel', async () => {
    const model = sequential({
      layers: [layers.dense({ units: 1, inputShape: [2], kernelInitializer: 'ones' })],
    });
    const optimizer = new LARS({ learningRate: 0.5, trustCoefficient: 0.1 });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const [inputs, targets] = [
      tensor2d([
        [1, 2],
        [3, 4],
        [5, 7],
      ]),
      tensor2d([[1], [2], [3]]),
    ];
    const { history } = await model.fit(inputs, targets, { epochs: 15, shuffle: false, verbose: 0 });
    expect(history.loss!.at(-1)).toBeLessThan(0.5 * (history.loss![0] as number));
    expect(optimizer.step).toBe(15);
  });

  it('follows its schedule at its own step', async () => {
    const learningRate = warmupCosineSchedule({ peak: 1, warmupSteps: 2, totalSteps: 4 });
    const optimizer = new SGD({ learningRate, momentum: 0 });
    const weights = variable(tensor1d([0]), true, 'scheduled/kernel');
    const gradient = tensor1d([-1]);
    const rates: number[] = [];
    for (let step = 0; step < 6; step++) {
      rates.push(optimizer.currentLearningRate);
      optimizer.applyGradients({ [weights.name]: gradient });
    }
    expect(rates).toEqual([0, 0.5, 1, 0.5, 0, 0]);
    expect((await weights.data())[0]).toBeCloseTo(2);
    weights.dispose();
  });

  it('refuses a schedule that gives no rate, before anything changes', async () => {
    const problem = bowl();
    const optimizer = new SGD({ learningRate: (step) => (step === 0 ? 0.1 : Number.NaN) });
    takeStep(problem, optimizer);
    const before = await problem.values();
    expect(() => takeStep(problem, optimizer)).toThrow(InvalidOptionError);
    expect(() => takeStep(problem, optimizer)).toThrow(
      /^SGD: learningRate at step 1 must be a finite number >= 0/,
    );
    expect(await problem.values()).toEqual(before);
    for (const each of [problem, optimizer]) each.dispose();
  });

  it('leaves trainable variables of others alone', () => {
    const problem = bowl();
    const optimizer = new SGD({ learningRate: 0.1 });
    const trainable = () =>
      Object.values(engine().registeredVariables).filter((item) => item.trainable).length;
    const before = trainable();
    takeStep(problem, optimizer);
    expect(trainable()).toBe(before); // slots are not trainable: minimize without a list must not touch them
    for (const each of [problem, optimizer]) each.dispose();
  });
});

describe('restore refuses', () => {
  const saved = async () => {
    const problem = bowl();
    const optimizer = new SGD({ learningRate: 0.1 });
    takeStep(problem, optimizer);
    const state = await optimizer.state();
    return { problem, optimizer, state };
  };

  it('states of another class, of other slots, or damaged, and keeps its own', async () => {
    const { problem, optimizer, state } = await saved();
    const [name] = Object.keys(state.variables);
    const damaged = (change: (copy: typeof state) => void) => () => {
      const copy = structuredClone(state);
      change(copy);
      optimizer.restore(copy);
    };
    const entry = (copy: typeof state) => copy.variables[name!]!;
    expect(() => new AdamW().restore(state)).toThrow(CheckpointError);
    expect(() => new AdamW().restore(state)).toThrow(
      /AdamW\.restore: the state must be one of AdamW\. Received: className="SGD"/,
    );
    expect(() => new SGD({ learningRate: 1, momentum: 0 }).restore(state)).toThrow(
      /must have the slots: none/,
    );
    expect(
      damaged((copy) => {
        copy.step = -1;
      }),
    ).toThrow(/step must be an integer >= 0/);
    expect(
      damaged((copy) => {
        entry(copy).step = 0.5;
      }),
    ).toThrow(/step must be an integer >= 0/);
    expect(
      damaged((copy) => {
        entry(copy).slots = {};
      }),
    ).toThrow(/must have the slots: momentum/);
    expect(
      damaged((copy) => {
        entry(copy).slots.momentum = new Float32Array(2);
      }),
    ).toThrow(CheckpointError);
    expect(() => optimizer.restore(state, () => 'same')).toThrow(/names must stay different/);
    await expect(optimizer.state(() => 'same')).rejects.toThrow(CheckpointError);
    await expect(optimizer.setWeights([])).rejects.toThrow(CheckpointError);
    expect(await optimizer.state()).toEqual(state);
    for (const each of [problem, optimizer]) each.dispose();
  });

  it('slots of another shape than the variable, at the step', async () => {
    const { problem, optimizer, state } = await saved();
    const swapped = (name: string) => (name === problem.bias.name ? problem.kernel.name : problem.bias.name);
    optimizer.restore(state, swapped);
    expect(() => takeStep(problem, optimizer)).toThrow(ShapeError);
    expect(() => takeStep(problem, optimizer)).toThrow(
      /momentum of bowl\d+\/kernel and variable must have the same shape/,
    );
    for (const each of [problem, optimizer]) each.dispose();
  });
});

describe('options are checked', () => {
  const bad = Number.NaN;
  it.each<[string, () => unknown, RegExp]>([
    [
      'negative rate',
      () => new SGD({ learningRate: -1 }),
      /^SGD: learningRate must be a finite number >= 0\. Received: learningRate=-1/,
    ],
    ['NaN rate', () => new AdamW({ learningRate: bad }), /^AdamW: learningRate must be/],
    ['no rate', () => new LARS({} as never), /^LARS: learningRate must be/],
    [
      'momentum 1',
      () => new SGD({ learningRate: 1, momentum: 1 }),
      /^SGD: momentum must be a number from 0 to below 1/,
    ],
    ['momentum < 0', () => new LARS({ learningRate: 1, momentum: -0.1 }), /^LARS: momentum must be/],
    [
      'nesterov alone',
      () => new SGD({ learningRate: 1, momentum: 0, nesterov: true }),
      /nesterov needs a momentum above 0/,
    ],
    ['weight decay', () => new SGD({ learningRate: 1, weightDecay: -1 }), /^SGD: weightDecay must be/],
    [
      'decay mode',
      () => new SGD({ learningRate: 1, weightDecayMode: 'l1' as 'l2' }),
      /weightDecayMode must be one of "l2", "decoupled"/,
    ],
    [
      'selection',
      () => new SGD({ learningRate: 1, excludeFromWeightDecay: 'bias' as 'none' }),
      /excludeFromWeightDecay must be "none"/,
    ],
    ['beta1', () => new AdamW({ beta1: 1 }), /^AdamW: beta1 must be a number from 0 to below 1/],
    ['beta2', () => new AdamW({ beta2: bad }), /^AdamW: beta2 must be/],
    ['epsilon', () => new AdamW({ epsilon: 0 }), /^AdamW: epsilon must be a finite number > 0/],
    ['AdamW decay', () => new AdamW({ weightDecay: bad }), /^AdamW: weightDecay must be/],
    ['trust', () => new LARS({ learningRate: 1, trustCoefficient: 0 }), /^LARS: trustCoefficient must be/],
    [
      'convention',
      () => new LARS({ learningRate: 1, convention: 'solo' as 'google' }),
      /^LARS: convention must be one of "google", "lightly"/,
    ],
    ['LARS epsilon', () => new LARS({ learningRate: 1, epsilon: -1 }), /^LARS: epsilon must be/],
    ['LARS decay', () => new LARS({ learningRate: 1, weightDecay: -1 }), /^LARS: weightDecay must be/],
    [
      'adaptation',
      () => new LARS({ learningRate: 1, excludeFromAdaptation: 1 as never }),
      /^LARS: excludeFromAdaptation must be/,
    ],
    [
      'lightly popular',
      () => new LARS({ learningRate: 1, convention: 'lightly', classicMomentum: false }),
      /classicMomentum belongs to the convention 'google'/,
    ],
    [
      'google clipped',
      () => new LARS({ learningRate: 1, clip: true }),
      /clip belongs to the convention 'lightly'/,
    ],
    ['decay mode', () => new AdamW({ weightDecayMode: 'none' as 'l2' }), /weightDecayMode must be one of/],
    [
      'unknown class',
      () => optimizerFromConfig({ name: 'adam' }),
      /^optimizerFromConfig: config\.name must be/,
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(message);
  });
});

describe('functions in a config', () => {
  it('are recorded as custom and must be given again', () => {
    const excludeFromWeightDecay = (name: string) => name.includes('head');
    const optimizer = new LARS({ learningRate: (step) => 1 / (step + 1), excludeFromWeightDecay });
    const config = optimizer.getConfig();
    expect(config).toMatchObject({
      learningRate: 'custom',
      excludeFromWeightDecay: 'custom',
      excludeFromAdaptation: 'custom',
    });
    expect(() => optimizerFromConfig(config)).toThrow(InvalidOptionError);
    expect(() => optimizerFromConfig(config, { learningRate: 1 })).toThrow(
      /excludeFromWeightDecay was a function, which cannot be saved: give it again\. Received: excludeFromWeightDecay="custom"/,
    );
    const again = optimizerFromConfig(config, {
      learningRate: 1,
      excludeFromWeightDecay: 'none',
      excludeFromAdaptation: excludeFromWeightDecay,
    });
    expect(again.getConfig()).toMatchObject({
      learningRate: 1,
      excludeFromWeightDecay: 'none',
      excludeFromAdaptation: 'custom',
    });
  });

  it('are not among the defaults, nor in a schedule of the library', () => {
    const learningRate = warmupCosineSchedule({ peak: 0.3, warmupSteps: 10, totalSteps: 100 });
    const config = JSON.parse(JSON.stringify(new LARS({ learningRate }).getConfig()));
    expect(config).toMatchObject({
      name: 'lars',
      excludeFromWeightDecay: 'biasAndNormalization',
      excludeFromAdaptation: 'biasAndNormalization',
    });
    const again = optimizerFromConfig(config);
    for (const step of [0, 5, 10, 50, 99]) {
      expect((again.learningRate as (step: number) => number)(step)).toBe(learningRate(step));
    }
  });

  it('are read under the names of earlier versions', () => {
    const { name, convention, ...rest } = new LARS({ learningRate: 0.5, convention: 'lightly' }).getConfig();
    const again = optimizerFromConfig({ ...rest, className: 'LARS', rule: convention! });
    expect(again.getConfig()).toEqual({ ...rest, name, convention });
    for (const optimizer of [new SGD({ learningRate: 1 }), new AdamW()]) {
      const { name: _, ...options } = optimizer.getConfig();
      expect(optimizerFromConfig({ ...options, className: optimizer.getClassName() }).getConfig()).toEqual(
        optimizer.getConfig(),
      );
    }
  });

  it('survive the way tfjs calls a registered class', () => {
    const config = new LARS({ learningRate: 0.5, convention: 'lightly' }).getConfig();
    expect(LARS.fromConfig(LARS, config).getConfig()).toEqual(config);
    expect(SGD.fromConfig(SGD, new SGD({ learningRate: 0.5 }).getConfig()).getClassName()).toBe('SGD');
    expect(AdamW.fromConfig(AdamW, new AdamW().getConfig()).getClassName()).toBe('AdamW');
  });
});

describe('isBiasOrNormalization', () => {
  it.each([
    ['dense_Dense1/bias', true],
    ['batch_normalization_BatchNormalization1/gamma_3', true],
    ['head/normalization2/beta', true],
    ['bias', true],
    ['conv2d_Conv2D1/kernel_1', false],
    ['unbiased/kernel', false],
    ['bias_correction/kernel', false],
    ['encoder/alphabeta', false],
  ])('%s: %s', (name, expected) => {
    expect(isBiasOrNormalization(name)).toBe(expected);
  });
});
