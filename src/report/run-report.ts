import { isObject } from '../errors/checks.js';
import { confusionMatrix } from '../evaluation/measures.js';
import { whole } from './html.js';
import { type Run, shareRight } from './run-folder.js';
import type { ReportData } from './types.js';

/** What settings of the command line say of a run; of others there is nothing that is known by name. */
function factsOf({ recipe, seed }: Record<string, unknown>): Record<string, string> {
  const facts: Record<string, string> = {};
  if (isObject(recipe)) {
    const { name, encoder, training } = recipe;
    if (typeof name === 'string') facts.Recipe = name;
    if (isObject(encoder)) {
      const { architecture, inputShape, width } = encoder;
      if (typeof architecture === 'string') facts.Encoder = `${architecture}, width ${String(width)}`;
      if (Array.isArray(inputShape)) facts.Pixels = inputShape.slice(0, 2).join('\u00d7');
    }
    if (isObject(training) && typeof training.datasetSize === 'number') {
      facts['Training pictures'] = whole(training.datasetSize);
    }
  }
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
export function runReport({ name, losses, settings, evaluation }: Run): ReportData {
  const data: ReportData = { title: name, facts: factsOf(settings ?? {}) };
  const last = losses.at(-1);
  if (last) data.training = { losses, batchSize: last.pairs };
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
