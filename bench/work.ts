import { type KernelName, kernelOperations } from './kernel-shapes.js';

/** The stem of a ResNet, as in the library's `ResNetStem`. */
export interface Stem {
  kernelSize: number;
  strides: number;
  pool: boolean;
}

/** One training step: two views of `batch` pictures, forward, backward, SGD with momentum. */
export interface StepWork {
  kind: 'step';
  batch: number;
  size: number;
  /** How the ResNet-18 begins; left out for a MobileNetV2. */
  stem?: Stem;
}

/** A step of the trainer, augmentation and all, in micro-batches where `microBatch` says so. */
export interface TrainWork {
  kind: 'train';
  batch: number;
  /** Pictures that go through the network at a time; `null` = all. */
  microBatch: number | null;
  size: number;
  /** Width of the first stage of the ResNet-18. */
  width: number;
  stem: Stem;
}

/** Representations of `images` pictures, in inference mode. */
export interface EmbedWork {
  kind: 'embed';
  images: number;
  size: number;
  stem: Stem;
}

/** Two augmented views of `batch` pictures. */
export interface AugmentWork {
  kind: 'augment';
  batch: number;
  size: number;
}

/** One kernel on the shapes that it meets in the step at 96x96. */
export interface KernelWork {
  kind: 'kernel';
  kernel: KernelName;
  /** Pictures: both views. */
  images: number;
}

/** Work that a worker process prepares and then runs on request. */
export type Work = StepWork | TrainWork | EmbedWork | AugmentWork | KernelWork;

/** The stem of ResNet for larger pictures, and the one for 32x32. */
export const stems = {
  7: { kernelSize: 7, strides: 2, pool: true },
  3: { kernelSize: 3, strides: 2, pool: false },
} as const satisfies Record<number, Stem>;

/** The unit of speed of some work. */
export function unitOf(work: Work): string {
  if (work.kind === 'embed') return 'images/s';
  if (work.kind !== 'kernel') return 'pairs/s';
  return kernelOperations(work.kernel, work.images) === undefined ? 'calls/s' : 'GFLOP/s';
}

/** How much of {@link unitOf} one run of the work is. */
export function amountOf(work: Work): number {
  if (work.kind === 'embed') return work.images;
  if (work.kind !== 'kernel') return work.batch;
  const operations = kernelOperations(work.kernel, work.images);
  return operations === undefined ? 1 : operations / 1e9;
}
