import { memory, ones } from '@tensorflow/tfjs-core';
import { createTrainer } from 'simclr-ts/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitReadout } from '../../src/features/index.js';
import { resnet18 } from '../../src/models/index.js';
import { memoryStore, tinyPictures, tinySimCLR } from '../training/tiny.js';
import { tinyOptions } from '../worker/tiny-options.js';
import { type Caller, callers, makeView, servedPort, type World } from './callers.js';
import { type Option, publicOptions } from './public-options.js';

/** Options that are not integers. Every other number has to be one. */
const real = new Set(
  `alpha antialias aspectRatio background base baseLearningRate
  beta1 beta2 blurProbability brightness bucketBytes contrast covariance cropProportion epsilon end exponent factor
  flipProbability grayscaleProbability hue invariance inverseRegularization jitterProbability learningRate lowerBy
  everySeconds maxBytes maxEntryBytes mean minDelta minutes momentum noneShare peak precision prevalence probability redundancy saturation scale share sigma start startSeconds std
  strength t temperature testFraction threshold timeoutSeconds tolerance trustCoefficient validationShare variance
  viewBytes warmupEpochs warmupShare cosineEpochs weightDecay widthMultiplier`.split(/\s+/),
);

/** Numbers that may be below 0. */
const signed = new Set(['mean']);

/** Options that have an upper limit. */
const refusedAt = new Set(
  `cropProportion probability flipProbability jitterProbability grayscaleProbability blurProbability hue momentum
  testFraction validationShare noneShare warmupShare share lowerBy beta1 beta2 threshold strength precision prevalence`.split(
    /\s+/,
  ),
);

const found = publicOptions();
const named = (parameter: (typeof found)[number]) => `${parameter.name} (${parameter.parameter})`;
let world: World;
let closePort: () => void;

beforeAll(async () => {
  const simclr = tinySimCLR();
  const saved = memoryStore();
  await simclr.save(saved);
  const encoder = resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
  const readout = await fitReadout(encoder, tinyPictures(4));
  encoder.dispose();
  const { port, close } = servedPort();
  closePort = close;
  const remote = await createTrainer(port, tinyOptions);
  world = { saved, simclr, readout, view: makeView(), pictures: ones([4, 8, 8, 3]), port, remote };
});
afterAll(async () => {
  await world.remote.dispose();
  closePort();
  world.simclr.dispose();
  world.readout.dispose();
  world.view.dispose();
  world.pictures.dispose();
});

it('knows how to call every public function that takes options, and no other', () => {
  expect(found.length).toBeGreaterThan(100);
  expect(Object.keys(callers).sort()).toEqual(found.map(named).sort());
});

/** The paths of options, those below others included, without what is somebody's data. */
function paths(
  options: readonly Option[],
  { data = [] }: Caller,
  above: string[] = [],
): [string[], Option][] {
  return options.flatMap((option) => {
    const path = [...above, option.name];
    const below =
      option.nested && !data.includes(path.join('.')) ? paths(option.nested, { data } as Caller, path) : [];
    return [[path, option] as [string[], Option], ...below];
  });
}

/** `base` with a value at a path; objects on the way are made where there are none. */
function changed(base: object, path: readonly string[], value: unknown): object {
  const [key, ...rest] = path as [string, ...string[]];
  const old: unknown = (base as Record<string, unknown>)[key];
  const below = typeof old === 'object' && old !== null ? old : {};
  return { ...base, [key]: rest.length === 0 ? value : changed(below, rest, value) };
}

/** The forms of the options that have the object that `path` is below; where none has, the first with an empty one. */
function basesWith(bases: readonly object[], path: readonly string[]): readonly object[] {
  const has = (base: object) =>
    path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], base);
  const some = bases.filter((base) => typeof has(base) === 'object');
  return some.length > 0 ? some : [bases[0]!];
}

/** What comes of a call. */
async function messageOf(caller: Caller, options: object): Promise<string> {
  const before = memory().numTensors;
  try {
    await caller.call(options as never, world);
    return 'no error';
  } catch (error) {
    const { name, message } = error as Error;
    expect(memory().numTensors).toBe(before);
    return `${name}: ${message}`;
  }
}

describe.each(found.map((parameter) => [named(parameter), parameter.options] as const))(
  '%s',
  (name, options) => {
    const caller = callers[name] ?? { call: () => undefined };
    const bases = caller.base ?? [{}];
    const all = paths(options, caller);

    it('refuses unknown keys, at every depth', async () => {
      const groups = [
        [],
        ...all
          .filter(([path, { nested }]) => nested && !caller.data?.includes(path.join('.')))
          .map(([path]) => path),
      ];
      const accepted: string[] = [];
      for (const group of groups) {
        const path = [...group, 'notAnOption'];
        for (const base of basesWith(bases, group)) {
          const message = await messageOf(caller, changed(base, path, 1));
          if (!/^InvalidOptionError: .*notAnOption/s.test(message))
            accepted.push(`${path.join('.')}: ${message}`);
        }
      }
      expect(accepted).toEqual([]);
    });

    it('refuses what is not an object', async () => {
      for (const wrong of [...(caller.nullable ? [] : [null]), 5, 'text', []]) {
        expect(await messageOf(caller, wrong as never)).toMatch(/^(InvalidOption|Shape)Error: /);
      }
    });

    it('complains about a number as a number, and not about a pair made of it', async () => {
      const wrong: string[] = [];
      for (const [path, { number }] of all) {
        if (number !== 'scalar') continue;
        for (const value of [Number.NaN, -1, 0, 1.5, 7, 1e9 + 0.5]) {
          for (const base of basesWith(bases, path.slice(0, -1))) {
            // Only of what is refused at once; other values would do their work here.
            if (value > 0 && !refusedAt.has(path.at(-1)!)) continue;
            const message = await messageOf(caller, changed(base, path, value));
            if (/Received: .*=\[/.test(message)) wrong.push(`${path.join('.')}=${value}: ${message}`);
          }
        }
      }
      expect([...new Set(wrong)]).toEqual([]);
    });

    it('refuses numbers outside their domain, and names them', async () => {
      const accepted: string[] = [];
      for (const [path, { name: option, number, nested }] of all) {
        if (!number || caller.unchecked?.[path.join('.')] !== undefined) continue;
        if (nested && path.length === 1 && caller.data?.includes(option)) continue;
        const wrong: unknown[] = [
          Number.NaN,
          '1',
          ...(signed.has(option) ? [] : [-1]),
          ...(real.has(option) ? [] : [1.5]),
        ];
        for (const value of wrong) {
          for (const base of basesWith(bases, path.slice(0, -1))) {
            const given = number === 'list' ? [value, value] : value;
            const message = await messageOf(caller, changed(base, path, given));
            if (!/^(InvalidOption|Shape)Error: /.test(message) || !message.includes(option)) {
              accepted.push(`${path.join('.')}=${JSON.stringify(given)} (${value}): ${message}`);
            }
          }
        }
      }
      expect(accepted).toEqual([]);
    });
  },
);

it('says which option was probably meant', () => {
  expect(() => tinySimCLR({ temprature: 0.1 } as never)).toThrow(/did you mean temperature\?/);
});

describe('callbacks of fit', () => {
  it('with a hook that nothing calls are refused, with the one that was meant', async () => {
    const callbacks = [{ count: 0, onEpochEnd: () => {} }, { onEpochFinish: () => {} }] as never;
    await expect(world.simclr.fit(tinyPictures(4), { batchSize: 2, callbacks })).rejects.toThrow(
      /^SimCLR\.fit: callbacks\[1\] must have no other fields than onFitStart, .*Received: callbacks\[1\]\.onEpochFinish/,
    );
  });

  it.each([null, {}, [5], [undefined]])('%o are refused', async (callbacks) => {
    const training = world.simclr.fit(tinyPictures(4), { batchSize: 2, callbacks: callbacks as never });
    await expect(training).rejects.toThrow(/^SimCLR\.fit: callbacks.* must be (a list|an object)/);
  });
});
