export { type BarlowTwinsLossOptions, barlowTwinsLoss } from './barlow-twins-loss.js';
export {
  type ContrastiveMetrics,
  type ContrastiveMetricsOptions,
  contrastiveMetrics,
} from './contrastive-metrics.js';
export { type DCLLossOptions, type DCLWLossOptions, dclLoss, dclwLoss } from './dcl-loss.js';
export { EmbeddingQueue, type EmbeddingQueueOptions } from './embedding-queue.js';
export type { LossConfig, LossName, LossOptionsByName } from './loss-config.js';
export { type LossFromConfigOptions, lossFromConfig } from './loss-from-config.js';
export { type NTXentLossOptions, ntXentLoss } from './nt-xent-loss.js';
export { type NTXentQueueLossOptions, ntXentQueueLoss } from './nt-xent-queue-loss.js';
export { negativePairMask, positivePairMask } from './pair-masks.js';
export {
  type SupervisedContrastiveLossOptions,
  supervisedContrastiveLoss,
} from './supervised-contrastive-loss.js';
export { type VICRegLossOptions, vicRegLoss } from './vicreg-loss.js';
export type { LossContext, ViewLoss } from './view-loss.js';
