import type { Recipe, RecipeOptimizer, RecipeProjectionHead } from '../recipe.js';
import {
  commonAugmentation,
  lightly,
  pillowBlur,
  pillowDeviation,
  randomWeights,
  roundedDeviation,
  torchvisionResNet18,
  torchvisionSources,
  wholeEncoder,
} from './shared.js';

const cifar = `${lightly} docs/source/getting_started/benchmarks/cifar10_benchmark.py`;
const imagenette = `${lightly} docs/source/getting_started/benchmarks/imagenette_benchmark.py`;
const transform = `${lightly} lightly/transforms/simclr_transform.py`;

const projectionHead: RecipeProjectionHead = {
  hidden: [512],
  outputDim: 128,
  useBias: false,
  initializer: 'torch',
  batchNormalization: { hidden: true, output: 'full', momentum: 0.9, epsilon: 1e-5 },
};

const optimizer = (referenceBatchSize: number): RecipeOptimizer => ({
  name: 'sgd',
  momentum: 0.9,
  nesterov: false,
  weightDecay: 5e-4,
  weightDecayMode: 'l2',
  excludeFromWeightDecay: 'none',
  learningRate: {
    base: 0.06,
    scaling: 'linear',
    referenceBatchSize,
    schedule: {
      name: 'warmupCosine',
      warmupEpochs: 0,
      start: 0,
      end: 0,
      convention: 'google',
      interval: 'epoch',
    },
  },
});

const sources = (script: string, reference: number) => ({
  ...torchvisionSources,
  'projectionHead.hidden': `${script}, SimCLRModel: SimCLRProjectionHead(512, 512, 128)`,
  'projectionHead.outputDim': `${script}, SimCLRModel: SimCLRProjectionHead(512, 512, 128)`,
  'projectionHead.batchNormalization.hidden': `${lightly} lightly/models/modules/heads.py, SimCLRProjectionHead: batch_norm = True`,
  'projectionHead.batchNormalization.output': `${lightly} lightly/models/modules/heads.py, SimCLRProjectionHead: BatchNorm1d after the last layer too`,
  'projectionHead.useBias': `${lightly} lightly/models/modules/heads.py, ProjectionHead: no bias before a normalization`,
  augmentation: transform,
  'augmentation.options.interpolation': 'torchvision RandomResizedCrop: bilinear',
  'augmentation.options.antialias': 'Pillow antialiases when it shrinks',
  'augmentation.options.aspectRatio': 'torchvision RandomResizedCrop: ratio = (3/4, 4/3)',
  'augmentation.options.strength': `${script}: cj_strength = 0.5`,
  normalization: `${transform}: normalize = IMAGENET_NORMALIZE`,
  initialization: randomWeights,
  earlyStages: wholeEncoder,
  temperature: `${script}: NTXentLoss(), whose temperature is 0.5`,
  viewBatching: `${script}, training_step: forward(x0), then forward(x1)`,
  optimizer: `${script}, SimCLRModel.configure_optimizers: torch.optim.SGD`,
  'optimizer.learningRate': `${script}: 6e-2 * batch_size / ${reference}`,
  'optimizer.learningRate.schedule': `${script}: CosineAnnealingLR(optim, max_epochs), stepped once an epoch`,
});

const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** ResNet-18 on CIFAR-10 as in lightly's benchmark: SGD, batch 128, 200 epochs. */
export const lightlyCIFAR10: Recipe = {
  name: 'lightly-cifar10',
  title: "SimCLR in lightly's CIFAR-10 benchmark.",
  encoder: {
    ...torchvisionResNet18,
    inputShape: [32, 32, 3],
    stem: { kernelSize: 3, strides: 1, pool: false, activation: 'none' },
  },
  projectionHead,
  augmentation: {
    name: 'simclrAugmentation',
    options: {
      ...commonAugmentation,
      interpolation: 'bilinear',
      antialias: true,
      strength: 0.5,
      blur: false,
      blurProbability: 0,
      convention: 'torchvision',
    },
  },
  normalization,
  initialization: null,
  earlyStages: null,
  temperature: 0.5,
  viewBatching: 'separate',
  optimizer: optimizer(128),
  training: { batchSize: 128, epochs: 200, datasetSize: 50_000 },
  sources: {
    ...sources(cifar, 128),
    'encoder.name': `${cifar}: ResNetGenerator("resnet-18")`,
    'encoder.inputShape': `${cifar}: input_size = 32`,
    'encoder.stem': `${lightly} lightly/models/resnet.py: 3x3 convolution, stride 1, no pool; ${cifar}: nn.Sequential(*list(resnet.children())[:-1]), which leaves out the ReLU behind it`,
    'encoder.width': `${lightly} lightly/models/resnet.py: 64 * width, width = 1`,
    'encoder.initializer':
      "inferred: lightly leaves PyTorch's default for convolutions, kaiming_uniform_ with a = sqrt(5); this library's nearest is torchvision's",
    'augmentation.options.blur': `${cifar}: gaussian_blur = 0.0`,
    'augmentation.options.blurProbability': `${cifar}: gaussian_blur = 0.0`,
    'training.batchSize': `${cifar}: batch_size = 128`,
    'training.epochs': `${cifar}: max_epochs = 200`,
    'training.datasetSize': 'CIFAR-10, training pictures',
  },
  deviations: [
    roundedDeviation,
    "Convolutions start from torchvision's normal distribution, not from PyTorch's default uniform one.",
  ],
  reported: [{ measure: 'kNN (k = 200, t = 0.1), best of 200 epochs, test', accuracy: 0.847, source: cifar }],
};

/** ResNet-18 on Imagenette as in lightly's benchmark: SGD, batch 256, 200 epochs. */
export const lightlyImagenette: Recipe = {
  name: 'lightly-imagenette',
  title: "SimCLR in lightly's Imagenette benchmark.",
  encoder: { ...torchvisionResNet18, inputShape: [128, 128, 3], stem: 'imagenet' },
  projectionHead,
  augmentation: {
    name: 'simclrAugmentation',
    options: {
      ...commonAugmentation,
      interpolation: 'bilinear',
      antialias: true,
      strength: 0.5,
      blur: { kernelSize: 13, sigma: [0.1, 2], padding: 'reflect' },
      blurProbability: 0.5,
      convention: 'torchvision',
    },
  },
  normalization,
  initialization: null,
  earlyStages: null,
  temperature: 0.5,
  viewBatching: 'separate',
  optimizer: optimizer(256),
  training: { batchSize: 256, epochs: 200, datasetSize: 9469 },
  sources: {
    ...sources(imagenette, 256),
    'encoder.name': `${imagenette}: torchvision.models.resnet18()`,
    'encoder.inputShape': `${imagenette}: input_size = 128`,
    'encoder.stem': "torchvision's models/resnet.py: 7x7 convolution, stride 2, and pool",
    'augmentation.options.blur': `${transform}: sigmas = (0.1, 2); ${pillowBlur}`,
    'augmentation.options.blurProbability': `${transform}: gaussian_blur = 0.5`,
    'training.batchSize': `${imagenette}: 256 in the table of results (the script stands at 128)`,
    'training.epochs': `${imagenette}: max_epochs = 200`,
    'training.datasetSize': 'Imagenette (imagenette2-160), training pictures',
  },
  deviations: [roundedDeviation, pillowDeviation],
  reported: [
    {
      measure: 'kNN (k = 200, t = 0.1), best of 200 epochs, validation',
      accuracy: 0.835,
      source: imagenette,
    },
  ],
};
