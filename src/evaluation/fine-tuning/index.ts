export type { FineTuneSource } from './classifier-network.js';
export { type FineTuneResult, fineTune } from './fine-tune.js';
export type { FineTuneOptions, FineTuneProgress } from './fine-tune-options.js';
export { FineTunedClassifier } from './fine-tuned-classifier.js';
export {
  type LabelEfficiency,
  type LabelEfficiencyMethod,
  type LabelEfficiencyOptions,
  type LabelEfficiencyRun,
  type LabelEfficiencySeries,
  type LabelEfficiencyTraining,
  labelEfficiency,
} from './label-efficiency.js';
