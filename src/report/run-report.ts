import { isObject } from '../errors/checks.js';
import { confusionMatrix } from '../evaluation/embedding-evaluation.js';
import { whole } from './page/html.js';
import { accuracyOf, batchSizeOf, type Run, trainingPicturesOf } from './run-folder.js';
import type { ReportData } from './types.js';

/** Facts from the settings that the command line writes. Other settings have no known names. */
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
 * Turns the contents of a run's folder into data for `writeReport`: settings, loss, and, if the run was evaluated, accuracies
 * and the confusion matrix of the linear probe.
 *
 * @param run - A result of `readRun`.
 * @example
 * await writeReport('report.html', runReport(await readRun('simclr-model')));
 */
export function runReport(run: Run): ReportData {
  const { name, losses, evaluation, quality, health, settings } = run;
  const data: ReportData = { title: name, facts: factsOf(run) };
  if (losses.length > 0) data.training = { losses, batchSize: batchSizeOf(run) };
  if (quality) data.quality = quality;
  if (health) data.health = health;
  if (settings) data.settings = settings;
  if (!evaluation) return data;
  const { classNames, labels, predictions } = evaluation;
  data.classNames = classNames;
  data.accuracies = {
    testImages: labels.length,
    after: {
      name: 'The model',
      remark: 'trained without labels',
      knn: accuracyOf(predictions.knn, labels),
      linearProbe: accuracyOf(predictions.linearProbe, labels),
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
