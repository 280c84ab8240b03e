import type { Recipe } from '../recipe.js';
import { basicRecipe } from './basic.js';

const measured = 'measured on CIFAR-10 on two processor cores';
const library = "this library's default";

const trials = 'trials on CIFAR-10, 85,000 pairs each';

/** The first residual stage. */
const early = 'layer1.1.bn2';

/** The best features after a few minutes on pictures of 32x32: ResNet-18 with a large stem whose filters come from the pictures. */
export const minutesRecipe: Recipe = {
  ...basicRecipe,
  name: 'minutes',
  title:
    'A few minutes on pictures of 32x32: first filters from the pictures, mild views, a low temperature, a cosine.',
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
      scale: [0.2, 1],
      strength: 0.5,
      grayscaleProbability: 0,
      blur: false,
      blurProbability: 0,
    },
  },
  normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  initialization: {
    filters: 'kMeans',
    patches: 20_000,
    firstLayer: 'fixed',
    blocks: 'whitened',
    blocksAfter: early,
    scale: true,
  },
  earlyStages: { projectFrom: [{ layer: early, grid: 2 }], share: 0.5, learningRateFactor: 3, hold: true },
  temperature: 0.1,
  optimizer: {
    name: 'adamW',
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 1e-4,
    weightDecayMode: 'decoupled',
    excludeFromWeightDecay: 'none',
    learningRate: {
      base: 7e-4,
      scaling: 'none',
      schedule: { name: 'warmupCosineByShare', warmupShare: 0.05, start: 1e-5, end: 0 },
    },
  },
  training: { batchSize: 128, epochs: 100, datasetSize: 50_000 },
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
    'augmentation.options.scale': `${trials}: kNN of h is 0.432 with crops from 0.2 of the area on, and 0.422 from 0.08 on`,
    'augmentation.options.strength': 'Chen et al. 2020, arXiv:2002.05709, appendix B.9: 0.5 for CIFAR-10',
    'augmentation.options.grayscaleProbability': `${measured}: without gray views kNN is 0.007 higher after as many pairs`,
    'augmentation.options.blur': 'Chen et al. 2020, arXiv:2002.05709, appendix B.9: no blur for CIFAR-10',
    normalization: "mean and standard deviation of CIFAR-10's channels",
    initialization: `${trials}: with k-means filters kNN of h is 0.409, without 0.391; held fixed, they give more at read-outs of early stages`,
    'initialization.blocks': `${measured}: kNN of h is 0.541 before training, with random blocks 0.333`,
    'initialization.blocksAfter': 'blocks in front of it are trained first',
    earlyStages: `${measured}: kNN at layer1 on 4x4 is 0.657 after 225,000 pairs at that stage, 0.582 before, and 0.584 after 135,000 pairs at h`,
    'earlyStages.share': library,
    'earlyStages.hold': `${measured}: after 8.5 minutes kNN at the read-out is 0.650 and of h 0.554; 0.649 and 0.549 where all is trained in the second half; one seed`,
    'earlyStages.learningRateFactor': `${measured}: kNN at the read-out is 0.646 after 90,000 pairs, and 0.636 at the factor 1; three seeds`,
    temperature: `${trials}, with a batch of 128: kNN of h is 0.422 at 0.1, and 0.403 without k-means filters at 0.2`,
    optimizer: library,
    'optimizer.learningRate.base': `${trials}: with a batch of 128; of 2.5e-4, 5e-4, 1e-3, and 3e-3 with a batch of 256, 5e-4 was best`,
    'optimizer.learningRate.schedule': 'warm-up and cosine as in Chen et al. 2020, by the share of the run',
    'training.batchSize': `${trials}: kNN of h is 0.403 with 128 and 7e-4, 0.391 with 256 and 5e-4`,
    training: "a run of minutes ends by the clock before its epochs do: fit's option minutes",
  },
};
