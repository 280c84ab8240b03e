import { describe, expect, it } from 'vitest';
import { softmaxObjective } from '../../src/evaluation/linear-probe/softmax-regression.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';

describe('softmaxObjective', () => {
  // 70 rows cross a block's border; neither rows, classes nor columns divide by the tile of 4.
  const rows = 70;
  const dim = 5;
  const classes = 3;
  const matrix = { data: hashedValues('objective', rows * dim), rows, dim };
  const targets = Int32Array.from({ length: rows }, (_, row) => (row * 7) % classes);
  const scaling = { mean: Float64Array.of(0.1, -0.2, 0.3, 0, 0.5), scale: Float64Array.of(1, 2, 0.5, 3, 1) };
  const parameters = Float64Array.from(hashedValues('parameters', classes * (dim + 1)));
  const objective = softmaxObjective(matrix, targets, classes, scaling, 0.3);

  it('is the mean cross entropy plus the penalty, as written down', () => {
    let expected = 0;
    for (let row = 0; row < rows; row++) {
      const logits = Array.from({ length: classes }, (_, k) => {
        let logit = parameters[classes * dim + k]!;
        for (let i = 0; i < dim; i++) {
          const standardized = (matrix.data[row * dim + i]! - scaling.mean[i]!) * scaling.scale[i]!;
          logit += parameters[k * dim + i]! * standardized;
        }
        return logit;
      });
      expected += Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[targets[row]!]!;
    }
    const weights = parameters.subarray(0, classes * dim);
    expected = expected / rows + 0.15 * weights.reduce((sum, weight) => sum + weight * weight, 0);
    expect(objective(parameters, new Float64Array(parameters.length))).toBeCloseTo(expected, 12);
  });

  it('has the gradient that central differences find', () => {
    const gradient = new Float64Array(parameters.length);
    objective(parameters, gradient);
    const scratch = new Float64Array(parameters.length);
    const differences = parameters.map((_, i) => {
      const moved = (by: number) =>
        objective(
          parameters.map((value, j) => (j === i ? value + by : value)),
          scratch,
        );
      return (moved(1e-5) - moved(-1e-5)) / 2e-5;
    });
    expectClose(gradient, differences, { absolute: 1e-9 });
  });
});
