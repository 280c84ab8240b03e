import { readFile } from 'node:fs/promises';
import { AdamW, type ImageArray, projectionHead, resnet18, SimCLR, simclrAugmentation } from 'simclr-ts';
import type { Recipe } from './recipe.js';

/** Bytes of a picture of CIFAR-10. */
export const pictureBytes = 32 * 32 * 3;

/** The first pictures of a file that holds all labels, then all pictures. */
export async function readPictures(path: string, count?: number): Promise<ImageArray> {
  const bytes = await readFile(path);
  const total = bytes.length / (pictureBytes + 1);
  const number = count ?? total;
  return { data: bytes.subarray(total, total + number * pictureBytes), shape: [number, 32, 32, 3] };
}

/** The augmentation that a recipe describes. */
export function buildAugmentation(recipe: Recipe) {
  return simclrAugmentation({
    size: 32,
    scale: recipe.cropScale,
    aspectRatio: recipe.cropRatio,
    flipProbability: recipe.flipProbability,
    strength: recipe.jitterStrength,
    jitterProbability: recipe.jitterProbability,
    grayscaleProbability: recipe.grayscaleProbability,
    blur: false,
  });
}

/** The trainer that a recipe describes. */
export function buildTrainer(recipe: Recipe, seed: number): SimCLR {
  return new SimCLR({
    encoder: resnet18({ inputShape: [32, 32, 3], stem: recipe.stem, width: recipe.width, seed }),
    projectionHead: projectionHead({
      inputDim: 8 * recipe.width,
      hidden: recipe.headHidden,
      outputDim: recipe.headOutput,
      seed: seed + 1,
    }),
    augmentation: buildAugmentation(recipe),
    normalization: { mean: recipe.mean, std: recipe.std },
    temperature: recipe.temperature,
    optimizer: new AdamW({ learningRate: recipe.learningRate, weightDecay: recipe.weightDecay }),
    seed,
  });
}
