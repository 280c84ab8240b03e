import type { Recipe } from '../recipe.js';
import { basicRecipe } from './basic.js';

const measured = 'measured on CIFAR-10 on two processor cores';
const library = "this library's default";

/** The best features after a few minutes on pictures of 32x32: ResNet-18 with a large stem, a cosine over the run. */
export const minutesRecipe: Recipe = {
  ...basicRecipe,
  name: 'minutes',
  title: 'A few minutes on pictures of 32x32: a large stem, no blur, no gray views, a cosine over the run.',
  encoder: { ...basicRecipe.encoder, inputShape: [32, 32, 3], stem: 'imagenet' },
  projectionHead: {
    ...basicRecipe.projectionHead,
    useBias: false,
    batchNormalization: { ...basicRecipe.projectionHead.batchNormalization, hidden: true },
  },
  augmentation: {
    ...basicRecipe.augmentation,
    options: {
      ...basicRecipe.augmentation.options,
      strength: 0.5,
      grayscaleProbability: 0,
      blur: false,
      blurProbability: 0,
    },
  },
  normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  temperature: 0.2,
  optimizer: {
    name: 'adamW',
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 1e-4,
    weightDecayMode: 'decoupled',
    excludeFromWeightDecay: 'none',
    learningRate: {
      base: 5e-4,
      scaling: 'none',
      schedule: { name: 'warmupCosineByShare', warmupShare: 0.05, start: 1e-5, end: 0 },
    },
  },
  training: { batchSize: 256, epochs: 100, datasetSize: 50_000 },
  sources: {
    ...basicRecipe.sources,
    'encoder.name': `${library}: ResNet-18`,
    'encoder.inputShape': 'CIFAR-10, 32x32 pictures',
    'encoder.stem': `${measured}: it sees five times as many pictures as with a stem that keeps 32x32, and learns more`,
    'projectionHead.hidden': library,
    'projectionHead.outputDim': library,
    'projectionHead.useBias': 'as in google-cifar10: no bias before batch normalization',
    'projectionHead.batchNormalization.hidden': 'as in google-cifar10',
    augmentation: library,
    'augmentation.options.strength': 'Chen et al. 2020, arXiv:2002.05709, appendix B.9: 0.5 for CIFAR-10',
    'augmentation.options.grayscaleProbability': `${measured}: without gray views kNN is 0.007 higher after as many pairs`,
    'augmentation.options.blur': 'Chen et al. 2020, arXiv:2002.05709, appendix B.9: no blur for CIFAR-10',
    normalization: "mean and standard deviation of CIFAR-10's channels",
    temperature: library,
    optimizer: library,
    'optimizer.learningRate.base': `${measured}: of 2.5e-4, 5e-4, 1e-3 and 3e-3, kNN 0.365, 0.400, 0.377, 0.332 after 51,200 pairs`,
    'optimizer.learningRate.schedule': 'warm-up and cosine as in Chen et al. 2020, by the share of the run',
    training: "a run of minutes ends by the clock before its epochs do: fit's option minutes",
  },
};
