import { fileURLToPath } from 'node:url';
import { memory } from '@tensorflow/tfjs-core';
import { build } from 'esbuild';
import {
  cifar10Mean,
  cifar10Std,
  imagenetMean,
  imagenetStd,
  LARS,
  type LearningRateConfig,
  plannedLearningRate,
  SimCLR,
} from 'simclr-ts';
import { describe, expect, it } from 'vitest';
import {
  adjustRecipe,
  basicRecipe,
  describeRecipe,
  googleCIFAR10,
  lightlyCIFAR10,
  lightlyImagenette,
  paperImageNet,
  type Recipe,
  recipeDifferences,
  recipes,
  soloCIFAR10,
  sourceOf,
  spijkervetSTL10,
  sthallesSTL10,
} from '../../src/recipes/index.js';
import { recipeValues } from '../../src/recipes/recipe-values.js';
import { tinyPictures } from '../training/tiny.js';

const all: [string, Recipe][] = Object.entries(recipes);

/** The same method on a network and pictures that the cpu backend can train. */
function tiny(recipe: Recipe): Recipe {
  return adjustRecipe(recipe, {
    encoder: { name: 'resnet18', inputShape: [8, 8, 3], stem: 'small', width: 2 },
    projectionHead: { hidden: recipe.projectionHead.hidden.map(() => 8), outputDim: 8 },
    augmentation: {
      options: {
        blur: recipe.augmentation.options.blur && { ...recipe.augmentation.options.blur, kernelSize: 3 },
      },
    },
    training: { batchSize: 4, epochs: 12, datasetSize: 8 },
  });
}

describe.each(all)('%s', (name, recipe) => {
  it('is plain data that carries its name', () => {
    expect(recipe.name).toBe(name);
    expect(JSON.parse(JSON.stringify(recipe))).toEqual(recipe);
  });

  it('has a source for every value, and no source for what is not there', () => {
    const paths = [...recipeValues(recipe).keys()];
    expect(paths.filter((path) => !sourceOf(recipe, path))).toEqual([]);
    const stray = Object.keys(recipe.sources).filter(
      (source) => !paths.some((path) => path === source || path.startsWith(`${source}.`)),
    );
    expect(stray).toEqual([]);
  });

  it('trains: a step of a tiny network of its kind', async () => {
    const before = memory().numTensors;
    const small = tiny(recipe);
    const simclr = new SimCLR(small);
    const { steps } = await simclr.fit(tinyPictures(8), { ...small.training, maxSteps: 2 });
    expect(steps).toHaveLength(2);
    expect(steps.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(simclr.temperature).toBe(recipe.temperature);
    expect(simclr.viewBatching).toBe(recipe.viewBatching);
    expect(simclr.optimizer.getConfig()).toMatchObject({ name: recipe.optimizer.name });
    simclr.dispose();
    expect(memory().numTensors).toBe(before);
  });
});

/** The learning rate at the given steps of the recipe's own run. */
function ratesOf(recipe: Recipe, ...steps: number[]): number[] {
  const learningRate = plannedLearningRate(
    recipe.optimizer.learningRate as LearningRateConfig,
    recipe.training,
  );
  return steps.map((step) => (typeof learningRate === 'number' ? learningRate : learningRate(step)));
}

describe('learning rates', () => {
  it('warm up to 0.3 B / 256 and fall to 0 in the paper', () => {
    const perEpoch = Math.floor(1_281_167 / 4096); // 312
    const [start, peak, half, end] = ratesOf(paperImageNet, 0, 10 * perEpoch, 55 * perEpoch, 100 * perEpoch);
    expect(start).toBe(0);
    expect(peak).toBeCloseTo(4.8, 10);
    expect(half).toBeCloseTo(2.4, 10);
    expect(end).toBe(0);
  });

  it("follow lightly's epochs in stairs", () => {
    const [first, last, next] = ratesOf(lightlyCIFAR10, 0, 389, 390); // 390 whole batches of 128
    expect(first).toBeCloseTo(0.06, 12);
    expect(last).toBe(first);
    expect(next).toBeCloseTo((0.06 * (1 + Math.cos(Math.PI / 200))) / 2, 12);
  });

  it("end half-way in sthalles' run", () => {
    const [first, flat, last] = ratesOf(sthallesSTL10, 0, 390 * 11 - 1, 390 * 200 - 1);
    expect(first).toBe(3e-4);
    expect(flat).toBe(3e-4);
    expect(last).toBeCloseTo((3e-4 * (1 + Math.cos((Math.PI * 189) / 390))) / 2, 12);
  });

  it('have momentum in all that use LARS: in solo-learn by its argument parser', () => {
    for (const recipe of [soloCIFAR10, googleCIFAR10, paperImageNet]) {
      expect(recipe.optimizer).toMatchObject({ name: 'lars', momentum: 0.9 });
    }
  });

  it('are constant in Spijkervet’s, and begin at 3e-5 in solo-learn’s', () => {
    expect(ratesOf(spijkervetSTL10, 0, 10_000)).toEqual([3e-4, 3e-4]);
    expect(ratesOf(soloCIFAR10, 0, 1950)).toEqual([3e-5, 0.4]);
    expect(ratesOf(googleCIFAR10, 0, 970)).toEqual([0, 2]);
  });
});

describe('constants that are written out twice', () => {
  it('agree with those of the augmentations', () => {
    expect(soloCIFAR10.normalization).toEqual({ mean: cifar10Mean, std: cifar10Std });
    expect(lightlyCIFAR10.normalization).toEqual({ mean: imagenetMean, std: imagenetStd });
    expect(lightlyImagenette.normalization).toEqual({ mean: imagenetMean, std: imagenetStd });
  });
});

describe('new SimCLR(recipe)', () => {
  it('takes overrides by spreading: data or made parts', () => {
    const optimizer = new LARS({ learningRate: 1 });
    const simclr = new SimCLR({ ...tiny(googleCIFAR10), temperature: 0.2, seed: 3, optimizer });
    expect(simclr.temperature).toBe(0.2);
    expect(simclr.seed).toBe(3);
    expect(simclr.optimizer).toBe(optimizer);
    simclr.dispose();
  });

  it('makes the basic network: 96x96x3 to 512 to 64', () => {
    const simclr = new SimCLR(basicRecipe);
    expect(simclr.inputSize).toEqual([96, 96]);
    expect(simclr.encoder.outputs[0]!.shape).toEqual([null, 512]);
    const dense = simclr.projectionHead.layers.filter((layer) => layer.getClassName() === 'Dense');
    expect(dense.map((layer) => layer.outputShape)).toEqual([
      [null, 512],
      [null, 512],
      [null, 64],
    ]);
    simclr.dispose();
  });
});

describe('stems', () => {
  const layer = (recipe: Recipe, name: string) => {
    const simclr = new SimCLR(
      adjustRecipe(recipe, { encoder: { width: 2 }, projectionHead: { hidden: [8], outputDim: 8 } }),
    );
    const found = simclr.encoder.getLayer(name);
    const facts = { shape: found.outputShape, config: found.getConfig() };
    simclr.dispose();
    return facts;
  };

  it("pads solo-learn's pictures of 32x32 to 34x34", () => {
    expect(layer(soloCIFAR10, 'conv1').shape).toEqual([null, 34, 34, 2]);
    expect(layer(lightlyCIFAR10, 'conv1').shape).toEqual([null, 32, 32, 2]);
  });

  it("has no ReLU in lightly's benchmark for CIFAR-10, and one in every other recipe", () => {
    expect(layer(lightlyCIFAR10, 'bn1').config.activation).toBeNull();
    for (const recipe of [soloCIFAR10, googleCIFAR10, sthallesSTL10]) {
      expect(layer(recipe, 'bn1').config.activation).toBe('relu');
    }
  });
});

describe('adjustRecipe', () => {
  it('keeps of an encoder what one of another family has too, and gives the rest its defaults', () => {
    const name = 'mobileNetV2';
    const { encoder, sources } = adjustRecipe(googleCIFAR10, { encoder: { name, widthMultiplier: 0.5 } });
    expect(encoder).toEqual({
      name,
      inputShape: [32, 32, 3],
      stem: 'small',
      widthMultiplier: 0.5,
      initializer: 'google',
      batchNormalization: googleCIFAR10.encoder.batchNormalization,
    });
    expect(Object.keys(sources).filter((path) => /width$|zeroInit|projectionShortcut/.test(path))).toEqual(
      [],
    );
    expect(sources['encoder.widthMultiplier']).toBe('changed by adjustRecipe');
    const back = adjustRecipe(adjustRecipe(lightlyCIFAR10, { encoder: { name } }), {
      encoder: { name: 'resnet34', width: 32 },
    });
    expect(back.encoder).toEqual({
      ...lightlyCIFAR10.encoder,
      name: 'resnet34',
      width: 32,
      // Lightly's stem is given in numbers, which a MobileNet does not take.
      stem: 'imagenet',
    });
  });

  it('makes recipes with which a MobileNet trains', async () => {
    const before = memory().numTensors;
    const encoder = { name: 'mobileNetV2', inputShape: [16, 16, 3], widthMultiplier: 0.1 } as const;
    const recipe = adjustRecipe(basicRecipe, {
      encoder,
      projectionHead: { hidden: [8], outputDim: 4 },
      training: { batchSize: 4, epochs: 1, datasetSize: 8 },
    });
    const simclr = new SimCLR(recipe);
    const { steps } = await simclr.fit(tinyPictures(8), recipe.training);
    expect(steps.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    simclr.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('changes what is named, notes it in the sources and leaves the original alone', () => {
    const before = structuredClone(lightlyCIFAR10);
    const mine = adjustRecipe(lightlyCIFAR10, {
      name: 'mine',
      training: { epochs: 20 },
      encoder: { inputShape: [64, 64, 3] },
    });
    expect(lightlyCIFAR10).toEqual(before);
    expect(recipeDifferences(mine, lightlyCIFAR10)).toEqual([
      { path: 'encoder.inputShape', value: [64, 64, 3], other: [32, 32, 3] },
      { path: 'training.epochs', value: 20, other: 200 },
    ]);
    expect(sourceOf(mine, 'training.epochs')).toBe('changed by adjustRecipe');
    expect(sourceOf(mine, 'training.batchSize')).toBe(lightlyCIFAR10.sources['training.batchSize']);
  });

  it('replaces an optimizer of another kind as a whole', () => {
    const learningRate = { base: 3e-4, scaling: 'none', schedule: { name: 'constant' } } as const;
    const mine = adjustRecipe(googleCIFAR10, { optimizer: { name: 'adamW', learningRate } });
    expect(mine.optimizer).toEqual({ name: 'adamW', learningRate });
    expect(sourceOf(mine, 'optimizer.learningRate.base')).toBe('changed by adjustRecipe');
  });

  it('refuses fields that a recipe has not, and a value in place of a group', () => {
    expect(() => adjustRecipe(basicRecipe, { epochs: 3 } as never)).toThrow(
      /^adjustRecipe: changes must have no other fields than .*Received: changes\.epochs\.$/,
    );
    expect(() => adjustRecipe(basicRecipe, { training: 3 } as never)).toThrow(
      /^adjustRecipe: training must be an object\. Received: training=3\.$/,
    );
  });
});

describe('describeRecipe', () => {
  it('prints every value with its source, deviations and figures', () => {
    const text = describeRecipe(soloCIFAR10);
    expect(text).toContain("solo-cifar10: solo-learn's SimCLR for CIFAR-10.");
    expect(text).toMatch(/^optimizer\.trustCoefficient +0\.02 +vturrisi\/solo-learn@9187ea3 .*eta: 0\.02$/m);
    expect(text).toMatch(/^- The original warm-up reaches the peak one step earlier/m);
    expect(text).toMatch(/^- linear probe \(online\), test: 0\.9074/m);
  });

  it('prints what differs from another', () => {
    const lines = describeRecipe(sthallesSTL10, spijkervetSTL10).split('\n');
    expect(lines[0]).toMatch(/^ +sthalles-stl10 +spijkervet-stl10$/);
    expect(lines).toContainEqual(expect.stringMatching(/^temperature +0\.07 +0\.5$/));
    expect(lines).toContainEqual(expect.stringMatching(/^augmentation\.options\.blur +- +false$/));
    expect(lines).not.toContainEqual(expect.stringMatching(/^training\.batchSize/));
    expect(describeRecipe(basicRecipe, basicRecipe)).toBe('basic has the same values as basic.');
  });
});

describe('parts as data are checked', () => {
  const base = tiny(googleCIFAR10);
  it.each<[string, object, RegExp]>([
    ['architecture', { encoder: { name: 'resnet9' } }, /encoder\.name must be one of/],
    [
      'encoder field',
      { encoder: { ...base.encoder, widht: 2 } },
      /resnet18: options must have no other fields than .*did you mean width\? Received: options\.widht/,
    ],
    ['encoder kind', { encoder: { width: 2 } }, /encoder must be a tfjs LayersModel, or data with name/],
    [
      'head field',
      { projectionHead: { layers: 2 } },
      /projectionHead: options must have no other fields .*options\.layers/,
    ],
    ['augmentation name', { augmentation: { name: 'autoAugment' } }, /augmentation\.name must be one of/],
    [
      'augmentation field',
      { augmentation: { name: 'simclrAugmentation', options: { crop: 1 } } },
      /simclrAugmentation: options must have no other fields .*options\.crop\./,
    ],
    ['optimizer class', { optimizer: { name: 'lamb', learningRate: 1 } }, /optimizer\.name must be one of/],
    [
      'optimizer field',
      { optimizer: { name: 'sgd', learningRate: 1, beta1: 0.9 } },
      /SGD: options must have no other fields .*options\.beta1/,
    ],
    ['base', { optimizer: { name: 'sgd', learningRate: { base: -1 } } }, /base must be a finite number >= 0/],
    [
      'scaling',
      { optimizer: { name: 'sgd', learningRate: { base: 1, scaling: 'cubic' } } },
      /scaling must be one of/,
    ],
    [
      'schedule',
      { optimizer: { name: 'sgd', learningRate: { base: 1, schedule: { type: 'step' } } } },
      /schedule\.name must be one of/,
    ],
    [
      'schedule field',
      { optimizer: { name: 'sgd', learningRate: { base: 1, schedule: { name: 'constant', rate: 1 } } } },
      /schedule must have no other fields/,
    ],
  ])('%s', (_, change, message) => {
    const before = memory().numTensors;
    expect(() => new SimCLR({ ...base, ...change } as never)).toThrow(message);
    expect(memory().numTensors).toBe(before);
  });

  it('a planned learning rate is resolved when fit begins, and refused there', async () => {
    const simclr = new SimCLR(base);
    const images = tinyPictures(8);
    const { batchSize } = base.training;
    const refused = async (call: Promise<unknown>) => (await call.catch((error: Error) => error)) as Error;
    const unsized = () => [{ images }];
    const noSize = await refused(simclr.fit(unsized, { batchSize, epochs: 20 }));
    expect(noSize.name).toBe('InvalidOptionError');
    expect(noSize.message).toContain('SimCLR.fit: datasetSize must be given for a plan of the learning rate');
    const short = await refused(simclr.fit(images, { batchSize, epochs: 5 }));
    expect(short.message).toMatch(/warm-up must not be longer than the run.*epochs=5/);
    const step = await refused(simclr.trainStep(images));
    expect(step.message).toContain('optimizer.learningRate must be a number or a schedule');
    const { steps } = await simclr.fit(images, { batchSize, epochs: 20, maxSteps: 2 });
    const planned = plannedLearningRate(base.optimizer.learningRate as LearningRateConfig, {
      batchSize,
      epochs: 20,
      datasetSize: 8,
    }) as (step: number) => number;
    expect(steps.map(({ learningRate }) => learningRate)).toEqual([planned(0), planned(1)]);
    simclr.dispose();
  });

  it('a checkpoint takes made parts only', async () => {
    await expect(SimCLR.load('memory://none', { encoder: base.encoder } as never)).rejects.toThrow(
      /^SimCLR\.load: encoder must be made already/,
    );
  });
});

it('costs an importer no tfjs', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const result = await build({
    stdin: { contents: "export * from './src/recipes/index.js';", resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    external: ['@tensorflow/*'],
  });
  expect(result.outputFiles[0]!.text).not.toContain('@tensorflow');
});
