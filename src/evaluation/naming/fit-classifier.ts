import type { Matrix } from '../embeddings.js';
import type { LinearLayer } from '../linear-probe/softmax-regression.js';
import { fitInverseTemperature, type ScoredRows } from './inverse-temperature.js';
import { ridgePath } from './ridge-path.js';

/** A layer whose softmax are calibrated probabilities. */
export interface CalibratedClassifier {
  layer: LinearLayer;
  /** The penalty that was chosen. */
  penalty: number;
  /** Whether there were rows to choose penalty and temperature by. */
  calibrated: boolean;
  /** Share of the rows that the fit to all others classifies correctly; NaN where not calibrated. */
  accuracy: number;
}

const penalties = Array.from({ length: 9 }, (_, i) => 10 ** (-2 + i / 2));

/** Without two rows of a class, neither can be chosen: what was chosen for five names per class of CIFAR-10. */
const usual = { penalty: 1, factor: 8 };

const roundUp = (size: number) => Math.ceil(size / 4) * 4;

function correctShare({ scores, classes, targets, used }: ScoredRows): number {
  let correct = 0;
  for (const row of used) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (scores[row * classes + k]! > scores[row * classes + best]!) best = k;
    }
    if (best === targets[row]) correct++;
  }
  return correct / used.length;
}

/**
 * Fits a linear classifier to few rows. Penalty and temperature are those with the least loss when each row is predicted by
 * the fit to all others. A row that is alone in its class is left out there, because the others do not know its class.
 *
 * @param matrix - Rows of length 1.
 * @param targets - Each class from 0 to `classes - 1` occurs; at least two classes.
 */
export function fitClassifier(matrix: Matrix, targets: Int32Array, classes: number): CalibratedClassifier {
  const path = ridgePath(matrix, targets, classes);
  const sizes = new Int32Array(classes);
  for (const target of targets) sizes[target]!++;
  const used = Array.from(targets.keys()).filter((row) => sizes[targets[row]!]! > 1);
  let best: { penalty: number; factor: number; loss: number; accuracy: number } | undefined;
  for (const penalty of used.length > 0 ? penalties : []) {
    const scored = { scores: path.leaveOneOut(penalty), classes, targets, used };
    const { factor, loss } = fitInverseTemperature(scored);
    if (best === undefined || loss < best.loss)
      best = { penalty, factor, loss, accuracy: correctShare(scored) };
  }
  const { penalty, factor } = best ?? usual;
  const { weights, intercepts } = path.layer(penalty);
  const layer: LinearLayer = {
    weights: new Float64Array(roundUp(classes) * matrix.dim),
    intercepts: new Float64Array(roundUp(classes)),
  };
  layer.weights.set(weights.map((value) => factor * value));
  layer.intercepts.set(intercepts.map((value) => factor * value));
  return { layer, penalty, calibrated: best !== undefined, accuracy: best?.accuracy ?? Number.NaN };
}
