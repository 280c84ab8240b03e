/**
 * HTML reports of runs, each one self-contained file; and reading the folders of runs.
 * @module
 */

export { type RecordLossesOptions, recordLosses } from './charts/record-losses.js';
export {
  compareRuns,
  type MetricComparison,
  type RunComparison,
  type SettingDifference,
  writeComparison,
} from './comparison.js';
export { type EvaluateRunOptions, evaluateRun } from './evaluation/evaluate-run.js';
export { type RecordHealthOptions, recordHealth } from './evaluation/record-health.js';
export { type RecordQualityOptions, recordQuality } from './evaluation/record-quality.js';
export type {
  EmbeddingWorth,
  EvaluationPictures,
  Gain,
  PartEmbeddings,
  ReadoutGains,
  ReadoutWorth,
  RunEmbeddings,
  RunEvaluationResult,
  RunGains,
} from './evaluation/run-evaluation.js';
export { trainingVerdict } from './evaluation/training-verdict.js';
export { evaluationReport } from './evaluation-report.js';
export { viewRows } from './galleries/run-galleries.js';
export { type PictureMapData, writePictureMap } from './picture-map/write-picture-map.js';
export { writeReport } from './report.js';
export { checkReportPackages } from './report-packages.js';
export { type Run, type RunEvaluation, type RunStep, readRun, saveEvaluation } from './run-folder.js';
export { runReport } from './run-report.js';
export { type StackGalleryData, writeStackGallery } from './stacks/stack-gallery.js';
export type * from './types.js';
