import type { RecipeAugmentation, RecipeResNet } from '../recipe.js';

// Google's sources at the commits read: the newest one, and the first, which is the code of the paper.
export const google = 'google-research/simclr@383d414';
export const googleFirst = 'google-research/simclr@be133b3 (the first commit, of the paper)';
export const lightly = 'lightly-ai/lightly@e8d317f';
export const solo = 'vturrisi/solo-learn@9187ea3';
export const spijkervet = 'Spijkervet/SimCLR@df25dfa';
export const sthalles = 'sthalles/SimCLR@1848fc9';
export const paper = 'Chen et al. 2020, arXiv:2002.05709';
export const torchvision = "torchvision's models/resnet.py";

/** The source of an initialization of `null`. */
export const randomWeights = 'as in the original: random weights';

/** The source of early stages of `null`. */
export const wholeEncoder = 'as in the original: the whole encoder is trained from the first step on';

/** torchvision's ResNet-18. */
export const torchvisionResNet18: Omit<RecipeResNet, 'inputShape' | 'stem'> = {
  name: 'resnet18',
  width: 64,
  zeroInitResidual: false,
  projectionShortcut: 'whenNeeded',
  initializer: 'torch',
  batchNormalization: { momentum: 0.9, epsilon: 1e-5 },
};

/** Sources of {@link torchvisionResNet18}. */
export const torchvisionSources = {
  'encoder.width': `${torchvision}: inplanes = 64`,
  'encoder.zeroInitResidual': `${torchvision}: zero_init_residual = False`,
  'encoder.projectionShortcut': `${torchvision}: downsample where stride or width change`,
  'encoder.initializer': `${torchvision}: kaiming_normal_, mode = fan_out`,
  'encoder.batchNormalization.momentum': 'torch.nn.BatchNorm2d: momentum = 0.1, the share of the new value',
  'encoder.batchNormalization.epsilon': 'torch.nn.BatchNorm2d: eps = 1e-5',
  'projectionHead.initializer': "torch.nn.Linear's own",
  'projectionHead.batchNormalization.momentum':
    'torch.nn.BatchNorm1d: momentum = 0.1, the share of the new value',
  'projectionHead.batchNormalization.epsilon': 'torch.nn.BatchNorm1d: eps = 1e-5',
} as const;

/** ResNet-18 of Google's code. */
export const googleResNet18: Omit<RecipeResNet, 'inputShape' | 'stem'> = {
  ...torchvisionResNet18,
  zeroInitResidual: true,
  projectionShortcut: 'always',
  initializer: 'google',
};

/** The random crop, mirroring, and jitter that all implementations share. */
export const commonAugmentation: Pick<
  RecipeAugmentation['options'],
  'scale' | 'aspectRatio' | 'flipProbability' | 'jitter' | 'jitterProbability' | 'grayscaleProbability'
> = {
  scale: [0.08, 1],
  aspectRatio: [3 / 4, 4 / 3],
  flipProbability: 0.5,
  jitter: { brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2 },
  jitterProbability: 0.8,
  grayscaleProbability: 0.2,
};

export const pillowBlur =
  "Pillow's GaussianBlur, whose kernel is not cut off: 13 pixels are three standard deviations of the widest";
export const pillowDeviation =
  'Pillow approximates the Gaussian blur by three box blurs and repeats the border; here it is a Gaussian kernel of 13 pixels with a mirrored border.';
export const roundedDeviation =
  'The original rounds to 8 bits after every step of the augmentation; here values stay floating-point.';
export const precisionDeviation = 'The original trains in mixed precision; here everything is float32.';
export const googleDeviations = [
  "Google's loss is twice the mean over the views: that makes no difference to LARS in adapted layers, but biases and the scales and offsets of batch normalization move half as fast here.",
  "The original draws crops with TensorFlow's sample_distorted_bounding_box (up to 100 attempts, uniform aspect ratio, then the whole picture); here they are drawn as in torchvision (10 attempts, log-uniform, then the center).",
  'The original draws one standard deviation of the blur per batch; here it is drawn per picture.',
  'The original schedule counts floor(pictures * epochs / batch) + 1 steps; here an epoch has whole batches only.',
];
