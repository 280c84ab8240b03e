export {
  type ContrastiveMetrics,
  type ContrastiveMetricsOptions,
  contrastiveMetrics,
} from './contrastive-metrics.js';
export { type NTXentLossOptions, ntXentLoss } from './nt-xent-loss.js';
export { negativePairMask, positivePairMask } from './pair-masks.js';
