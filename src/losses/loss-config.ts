import type { BarlowTwinsLossOptions } from './barlow-twins-loss.js';
import type { DCLLossOptions, DCLWLossOptions } from './contrastive/dcl-loss.js';
import type { NTXentLossOptions } from './contrastive/nt-xent-loss.js';
import type { NTXentQueueLossOptions } from './contrastive/nt-xent-queue-loss.js';
import type { SupervisedContrastiveLossOptions } from './contrastive/supervised-contrastive-loss.js';
import type { VICRegLossOptions } from './vicreg-loss.js';

/** The options of each loss of this library, by the name that a {@link LossConfig} gives it. */
export interface LossOptionsByName {
  /** `ntXentLoss`. */
  ntXent: Pick<NTXentLossOptions, 'temperature' | 'blockSize'>;
  /** `ntXentQueueLoss` with an `EmbeddingQueue` that takes in view 2 after each step. */
  ntXentQueue: NTXentQueueLossOptions & {
    /** Embeddings in the queue. Integer >= 1. @defaultValue `4096`, MoCo's for CIFAR-10 and lightly's example */
    queueSize?: number;
  };
  /** `dclLoss`. */
  dcl: DCLLossOptions;
  /** `dclwLoss`. */
  dclw: DCLWLossOptions;
  /** `supervisedContrastiveLoss`; needs labels. */
  supervisedContrastive: SupervisedContrastiveLossOptions;
  /** `vicRegLoss`. */
  vicReg: VICRegLossOptions;
  /** `barlowTwinsLoss`. */
  barlowTwins: BarlowTwinsLossOptions;
}

/** Name of a loss of this library. */
export type LossName = keyof LossOptionsByName;

/**
 * A loss of this library as plain data that survives JSON: its name and its options. Omitted options have the
 * defaults of its function.
 */
export type LossConfig = {
  [Name in LossName]: {
    /** Name of the loss. */
    readonly name: Name;
  } & Readonly<LossOptionsByName[Name]>;
}[LossName];
