import { isObject } from '../errors/checks.js';
import { confusionMatrix } from '../evaluation/embedding-evaluation.js';
import { whole } from './page/html.js';
import { batchSizeOf, type Run, shareRight, trainingPicturesOf } from './run-folder.js';
import type { ReportData } from './types.js';

/** What settings of the command line say of a run; of others there is nothing that is known by name. */
function factsOf(run: Run): Record<string, string> {
  const { recipe, seed } = run.settings ?? {};
  const facts: Record<string, string> = {};
  if (isObject(recipe)) {
    const { name, encoder } = recipe;
    if (typeof name === 'string') facts.Recipe = name;
    if (isObject(encoder)) {
      const { name: network = encoder.architecture, inputShape, width } = encoder; // a name since version 1
      if (typeof network === 'string') facts.Encoder = `${network}, width ${String(width)}`;
      if (Array.isArray(inputShape)) facts.Pixels = inputShape.slice(0, 2).join('\u00d7');
    }
  }
  const pictures = trainingPicturesOf(run);
  if (pictures !== undefined) facts['Training pictures'] = whole(pictures);
  if (typeof seed === 'number') facts.Seed = String(seed);
  return facts;
}

/**
 * What the folder of a run tells, as `writeReport` takes it: its settings, the loss, and, where it was evaluated,
 * accuracies and the confusion matrix of the linear probe.
 *
 * @param run - What `readRun` gives.
 * @example
 * await writeReport('report.html', runReport(await readRun('simclr-model')));
 */
export function runReport(run: Run): ReportData {
  const { name, losses, evaluation } = run;
  const data: ReportData = { title: name, facts: factsOf(run) };
  if (losses.length > 0) data.training = { losses, batchSize: batchSizeOf(run) };
  if (!evaluation) return data;
  const { classNames, labels, predictions } = evaluation;
  data.classNames = classNames;
  data.accuracies = {
    testImages: labels.length,
    after: {
      name: 'The model',
      remark: 'trained without labels',
      knn: shareRight(predictions.knn, labels),
      linearProbe: shareRight(predictions.linearProbe, labels),
    },
  };
  data.confusion = {
    of: 'linear probe',
    matrix: confusionMatrix(
      Int32Array.from(labels),
      Int32Array.from(predictions.linearProbe),
      Math.max(2, classNames.length),
    ),
  };
  return data;
}
