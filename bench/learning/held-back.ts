import { type ImageArray, type LabeledImages, selectImages } from 'simclr-ts';
import type { LearningData } from './representations.js';

/**
 * Divides CIFAR-10's training pictures: networks learn from the first 45,000 without labels, and neighbors of the last 5,000
 * are searched among the first 10,000. Test pictures are for the last table.
 */
export function heldBack(train: LabeledImages): { unlabeled: ImageArray; labeled: LearningData } {
  const part = (first: number, count: number) =>
    selectImages(
      train,
      Uint32Array.from({ length: count }, (_, i) => first + i),
    );
  return {
    unlabeled: part(0, 45_000).images,
    labeled: { references: part(0, 10_000), tests: part(45_000, 5_000) },
  };
}
