import type { Recipe } from '../recipe.js';
import { randomWeights, wholeEncoder } from './shared.js';
import { spijkervetSTL10 } from './stl10.js';

const description = "the project's own description of SimCLR";
const unstated = `${description} does not say; as in spijkervet-stl10, which is nearest to it`;
const library = `${description} does not say; this library's default`;

/** This library's first network: ResNet-18 at 96x96, a head of 512 and 512 units, z of 64. */
export const basicRecipe: Recipe = {
  ...spijkervetSTL10,
  name: 'basic',
  title: 'ResNet-18 on pictures of 96x96, a projection head of two layers of 512, projections of 64.',
  projectionHead: { ...spijkervetSTL10.projectionHead, hidden: [512, 512], useBias: true },
  augmentation: {
    ...spijkervetSTL10.augmentation,
    options: {
      ...spijkervetSTL10.augmentation.options,
      blur: { kernelSize: 9, sigma: [0.1, 2], padding: 'reflect' },
      blurProbability: 0.5,
    },
  },
  viewBatching: 'joint',
  sources: {
    encoder: library,
    'encoder.name': `${description}: ResNet-18, representations of 512`,
    'encoder.inputShape': `${description}: (96, 96, 3), the pictures of STL-10`,
    projectionHead: library,
    'projectionHead.hidden': `${description}: two fully connected layers of 512 units`,
    'projectionHead.outputDim': `${description}: a 64-dimensional z`,
    augmentation: `${description}: random crop with resize and flip, color distortion, Gaussian blur; numbers of Chen et al. 2020, arXiv:2002.05709, appendix A`,
    'augmentation.options.interpolation': library,
    'augmentation.options.antialias': library,
    'augmentation.options.convention': library,
    'augmentation.options.blur':
      'Chen et al. 2020, arXiv:2002.05709, appendix A: a tenth of the height, made odd; the border as in torchvision',
    normalization: library,
    initialization: randomWeights,
    earlyStages: wholeEncoder,
    temperature: unstated,
    viewBatching: library,
    optimizer: unstated,
    training: unstated,
    'training.datasetSize': 'STL-10, unlabeled pictures',
  },
  deviations: [],
  reported: [],
};
