export type { PartState, StatefulPart } from '../tensors/stateful-part.js';
export { type BarlowTwinsLossOptions, barlowTwinsLoss } from './barlow-twins-loss.js';
export {
  type ContrastiveMetrics,
  type ContrastiveMetricsOptions,
  contrastiveMetrics,
} from './contrastive/contrastive-metrics.js';
export { type DCLLossOptions, type DCLWLossOptions, dclLoss, dclwLoss } from './contrastive/dcl-loss.js';
export { EmbeddingQueue, type EmbeddingQueueOptions } from './contrastive/embedding-queue.js';
export { type NTXentLossOptions, ntXentLoss } from './contrastive/nt-xent-loss.js';
export { type NTXentQueueLossOptions, ntXentQueueLoss } from './contrastive/nt-xent-queue-loss.js';
export { negativePairMask, positivePairMask } from './contrastive/pair-masks.js';
export {
  type SupervisedContrastiveLossOptions,
  supervisedContrastiveLoss,
} from './contrastive/supervised-contrastive-loss.js';
export type { LossConfig, LossName, LossOptionsByName } from './loss-config.js';
export { type LossFromConfigOptions, lossFromConfig } from './loss-from-config.js';
export { negativeCosineSimilarity, stopGradient } from './negative-cosine-similarity.js';
export { type VICRegLossOptions, vicRegLoss } from './vicreg-loss.js';
export type { LossContext, ViewLoss } from './view-loss.js';
