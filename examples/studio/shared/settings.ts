import type { SimCLRAugmentationOptions } from 'simclr-ts';

/** The values of the augmentation's sliders. */
export interface AugmentationSettings {
  cropSmallest: number;
  cropLargest: number;
  aspect: number;
  flip: number;
  jitter: number;
  strength: number;
  brightness: number;
  contrast: number;
  saturation: number;
  hue: number;
  grayscale: number;
  blur: number;
  blurSmallest: number;
  blurLargest: number;
}

/** The paper's values (appendix A) with a crop of at least a fifth and half the colors: small pictures, short training. */
export const defaultAugmentation: AugmentationSettings = {
  cropSmallest: 0.2,
  cropLargest: 1,
  aspect: 4 / 3,
  flip: 0.5,
  jitter: 0.8,
  strength: 0.5,
  brightness: 0.8,
  contrast: 0.8,
  saturation: 0.8,
  hue: 0.2,
  grayscale: 0.2,
  blur: 0,
  blurSmallest: 0.1,
  blurLargest: 1,
};

/** The sliders as the library's options. */
export function augmentationOptions(settings: AugmentationSettings, size: number): SimCLRAugmentationOptions {
  const { brightness, contrast, saturation, hue } = settings;
  return {
    size,
    scale: [Math.min(settings.cropSmallest, settings.cropLargest), settings.cropLargest],
    aspectRatio: [1 / settings.aspect, settings.aspect],
    flipProbability: settings.flip,
    strength: settings.strength,
    jitter: { brightness, contrast, saturation, hue: Math.min(hue, 0.5 / Math.max(settings.strength, 1e-6)) },
    jitterProbability: settings.jitter,
    grayscaleProbability: settings.grayscale,
    blur: { sigma: [Math.min(settings.blurSmallest, settings.blurLargest), settings.blurLargest] },
    blurProbability: settings.blur,
  };
}

/** The network, and how long to train it. */
export interface TrainingSettings {
  /** Height and width of the views, in pixels. */
  viewSize: number;
  /** Filters of the network. */
  width: number;
  batchSize: number;
  /** Total passes over the pictures. */
  epochs: number;
  temperature: number;
  learningRate: number;
  seed: number;
  /** Whether a new model starts from the encoder that comes with the page. */
  startingEncoder: boolean;
}

/** Pairs of four minutes on two cores, by calibrate.ts: after them vectors still improve, but slowly. */
const firstPairs = 150_000;

/** The default number of passes over this number of pictures. */
export function suggestedEpochs(pictures: number): number {
  return Math.max(10, Math.round(firstPairs / Math.max(pictures, 1)));
}

/** A network for a browser's minutes. */
export const defaultTraining: TrainingSettings = {
  viewSize: 32,
  width: 64,
  batchSize: 128,
  epochs: suggestedEpochs(300),
  temperature: 0.1,
  learningRate: 1e-3,
  seed: 1,
  startingEncoder: false,
};
