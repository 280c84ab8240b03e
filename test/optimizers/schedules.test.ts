import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import {
  constantSchedule,
  linearScaling,
  type ScheduleConfig,
  scheduleFromConfig,
  squareRootScaling,
  type WarmupCosineOptions,
  warmupCosineSchedule,
} from '../../src/optimizers/index.js';
import optax from '../fixtures/optimizers/optax.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';

const steps = (count: number) => Array.from({ length: count }, (_, step) => step);

describe('warmupCosineSchedule', () => {
  it('has the values one expects at the landmarks of the google convention', () => {
    const rate = warmupCosineSchedule({ peak: 0.3, warmupSteps: 10, totalSteps: 100 });
    expectClose([0, 5, 10, 55, 100].map(rate), [0, 0.15, 0.3, 0.15, 0], { absolute: 1e-12 });
    expect([100, 101, 1e6].map(rate)).toEqual([0, 0, 0]);
  });

  it('equals the schedule of optax, warm-up included in its length', () => {
    const options = { peak: 0.3, warmupSteps: 7, totalSteps: 40, start: 0.01, end: 0.02 };
    expectClose(steps(50).map(warmupCosineSchedule(options)), optax.schedule, { absolute: 1e-7 });
  });

  it('equals the formula of lightly, written out', () => {
    const [warmup, total, peak] = [5, 21, 2];
    const rate = warmupCosineSchedule({
      peak: peak,
      warmupSteps: warmup,
      totalSteps: total,
      convention: 'lightly',
    });
    const expected = steps(total).map((step) => {
      if (step < warmup) return (peak * (step + 1)) / warmup;
      const end = 0.001 * peak;
      return end - ((end - peak) * (Math.cos((Math.PI * (step - warmup)) / (total - warmup - 1)) + 1)) / 2;
    });
    expectClose(steps(total).map(rate), expected, { absolute: 1e-12 });
    expectClose([4, 5, 20, 21, 1000].map(rate), [peak, peak, 0.002, 0.002, 0.002], { absolute: 1e-12 });
  });

  it.each(['google', 'lightly'] as const)(
    'copes with no warm-up, nothing but warm-up, and one step: %s',
    (convention) => {
      const at = (warmupSteps: number, totalSteps: number) =>
        steps(totalSteps + 2).map(
          warmupCosineSchedule({ peak: 1, warmupSteps, totalSteps, end: 0.5, convention }),
        );
      expect(at(0, 2)).toEqual(convention === 'google' ? [1, 0.75, 0.5, 0.5] : [1, 0.5, 0.5, 0.5]);
      expect(at(2, 2)).toEqual(convention === 'google' ? [0, 0.5, 0.5, 0.5] : [0.5, 1, 0.5, 0.5]);
      expect(at(0, 1)).toEqual(convention === 'google' ? [1, 0.5, 0.5] : [0.5, 0.5, 0.5]);
    },
  );

  const good: WarmupCosineOptions = { peak: 1, warmupSteps: 1, totalSteps: 2 };
  it.each<[Partial<WarmupCosineOptions>, RegExp]>([
    [{ peak: -1 }, /peak must be a finite number >= 0/],
    [{ end: Number.NaN }, /end must be/],
    [{ start: -0.1 }, /start must be/],
    [{ warmupSteps: 3 }, /warmupSteps must not exceed totalSteps.*Received: warmupSteps=3, totalSteps=2/],
    [{ warmupSteps: 0.5 }, /warmupSteps must be an integer >= 0/],
    [{ totalSteps: 0 }, /totalSteps must be an integer >= 1/],
    [{ convention: 'bolts' as 'google' }, /convention must be one of "google", "lightly"/],
    [{ everySteps: 0 }, /everySteps must be an integer >= 1/],
  ])('refuses %o', (change, message) => {
    expect(() => warmupCosineSchedule({ ...good, ...change })).toThrow(InvalidOptionError);
    expect(() => warmupCosineSchedule({ ...good, ...change })).toThrow(message);
  });

  it('refuses a step that is none', () => {
    const rate = warmupCosineSchedule(good);
    expect(() => rate(-1)).toThrow(
      /^warmupCosineSchedule: step must be a finite number >= 0\. Received: step=-1/,
    );
    expect(() => rate(Number.NaN)).toThrow(InvalidOptionError);
  });
});

describe('everySteps', () => {
  it('keeps the rate of the first step of each epoch, as CosineAnnealingLR stepped once an epoch', () => {
    const held = warmupCosineSchedule({
      peak: 0.06,
      warmupSteps: 0,
      totalSteps: 4 * 3,
      everySteps: 3,
    });
    const annealing = (epoch: number) => (0.06 * (1 + Math.cos((Math.PI * epoch) / 4))) / 2;
    for (const step of steps(12)) expect(held(step)).toBeCloseTo(annealing(Math.floor(step / 3)), 12);
  });
});

describe('constantSchedule', () => {
  it('is the same at every step', () => {
    expect([0, 1, 1e6].map(constantSchedule(0.25))).toEqual([0.25, 0.25, 0.25]);
  });

  it('refuses a negative rate', () => {
    expect(() => constantSchedule(-1)).toThrow(InvalidOptionError);
    expect(() => constantSchedule(-1)).toThrow(/^constantSchedule: learningRate must be/);
  });
});

describe('scheduleFromConfig', () => {
  it.each([
    ['constant', constantSchedule(0.3)],
    ['google', warmupCosineSchedule({ peak: 0.3, warmupSteps: 3, totalSteps: 20, start: 0.1 })],
    ['lightly', warmupCosineSchedule({ peak: 0.3, warmupSteps: 3, totalSteps: 20, convention: 'lightly' })],
    ['held', warmupCosineSchedule({ peak: 0.3, warmupSteps: 0, totalSteps: 20, everySteps: 5 })],
  ])('makes the same schedule again from JSON: %s', (_, original) => {
    const again = scheduleFromConfig(JSON.parse(JSON.stringify(original.config)));
    expect(again.config).toEqual(original.config);
    expect(steps(25).map(again)).toEqual(steps(25).map(original));
  });

  it('reads the names of earlier versions', () => {
    const warmup = {
      type: 'warmupCosine',
      learningRate: 0.3,
      warmupSteps: 3,
      totalSteps: 20,
      startRate: 0.1,
    };
    const old = { ...warmup, finalRate: 0.01, rule: 'lightly', holdSteps: 5 };
    const config = {
      ...{ name: 'warmupCosine', peak: 0.3, warmupSteps: 3, totalSteps: 20, start: 0.1, end: 0.01 },
      ...{ convention: 'lightly', everySteps: 5 },
    };
    expect(scheduleFromConfig(old as never).config).toEqual(config);
    const scaled = scheduleFromConfig({ type: 'scaled', factor: 0.5, learningRate: old } as never);
    expect(scaled.config).toEqual({ name: 'scaled', factor: 0.5, learningRate: config });
    expect(scheduleFromConfig({ type: 'constant', learningRate: 2 } as never).config).toEqual(
      constantSchedule(2).config,
    );
    expect(() => scheduleFromConfig({ ...config, rule: 'google' } as never)).toThrow(
      /Received: options\.rule/,
    );
  });

  it('refuses an unknown name', () => {
    const config = { name: 'polynomial' } as unknown as ScheduleConfig;
    expect(() => scheduleFromConfig(config)).toThrow(InvalidOptionError);
    expect(() => scheduleFromConfig(config)).toThrow(
      /config\.name must be.*Received: config\.name="polynomial"/,
    );
    expect(() => scheduleFromConfig(undefined as unknown as ScheduleConfig)).toThrow(InvalidOptionError);
  });
});

describe('scaling of the learning rate', () => {
  it('is linear in the batch over 256, or goes with its root; both meet at the paper’s 4096', () => {
    expect(linearScaling({ baseLearningRate: 0.3, batchSize: 256 })).toBeCloseTo(0.3, 12);
    expect(linearScaling({ baseLearningRate: 0.3, batchSize: 4096 })).toBeCloseTo(4.8, 12);
    expect(squareRootScaling({ baseLearningRate: 0.075, batchSize: 4096 })).toBeCloseTo(4.8, 12);
    expect(squareRootScaling({ baseLearningRate: 0.075, batchSize: 256 })).toBeCloseTo(1.2, 12);
  });

  it.each([linearScaling, squareRootScaling])('refuses bad options: %o', (scale) => {
    expect(() => scale({ baseLearningRate: -1, batchSize: 2 })).toThrow(/baseLearningRate must be/);
    expect(() => scale({ baseLearningRate: 1, batchSize: 0 })).toThrow(/batchSize must be an integer >= 1/);
    expect(() => scale({ baseLearningRate: 1, batchSize: 0 })).toThrow(InvalidOptionError);
  });
});
