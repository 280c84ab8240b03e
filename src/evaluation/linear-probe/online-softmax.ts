import type { Matrix } from '../embeddings.js';

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/** Results on a batch before the update that it causes. */
export interface OnlineStep {
  /** Number of rows whose class was predicted correctly. */
  correct: number;
  /** Sum of the rows' cross entropies, in nats. */
  loss: number;
}

/** A linear classifier with softmax, trained batch by batch with Adam, in double precision on the host. */
export class OnlineSoftmax {
  /** `[classes, dim + 1]`, row-major; the last column is the intercept. */
  readonly parameters: Float64Array;
  private readonly mean: Float64Array;
  private readonly meanSquare: Float64Array;
  private steps = 0;

  constructor(
    readonly classes: number,
    readonly dim: number,
    private readonly learningRate: number,
  ) {
    const size = classes * (dim + 1);
    this.parameters = new Float64Array(size);
    this.mean = new Float64Array(size);
    this.meanSquare = new Float64Array(size);
  }

  /** Writes the class probabilities of a row into `out`. @returns The most probable class, of equal ones the lowest. */
  probabilities({ data, dim }: Matrix, row: number, out: Float64Array): number {
    const { classes, parameters } = this;
    let best = 0;
    for (let k = 0; k < classes; k++) {
      const own = k * (dim + 1);
      let logit = parameters[own + dim]!;
      for (let i = 0; i < dim; i++) logit += parameters[own + i]! * data[row * dim + i]!;
      out[k] = logit;
      if (logit > out[best]!) best = k;
    }
    const largest = out[best]!;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      out[k] = Math.exp(out[k]! - largest);
      sum += out[k]!;
    }
    for (let k = 0; k < classes; k++) out[k] = out[k]! / sum;
    return best;
  }

  /** One step of Adam on the mean cross entropy of a batch. */
  update(batch: Matrix, labels: ArrayLike<number>): OnlineStep {
    const { classes, parameters } = this;
    const { data, rows, dim } = batch;
    const gradient = new Float64Array(parameters.length);
    const residuals = new Float64Array(classes);
    let correct = 0;
    let loss = 0;
    for (let row = 0; row < rows; row++) {
      const label = labels[row]!;
      if (this.probabilities(batch, row, residuals) === label) correct++;
      loss -= Math.log(Math.max(residuals[label]!, Number.MIN_VALUE));
      residuals[label] = residuals[label]! - 1;
      for (let k = 0; k < classes; k++) {
        const own = k * (dim + 1);
        const residual = residuals[k]! / rows;
        for (let i = 0; i < dim; i++) {
          gradient[own + i] = gradient[own + i]! + residual * data[row * dim + i]!;
        }
        gradient[own + dim] = gradient[own + dim]! + residual;
      }
    }
    this.steps++;
    const rate = this.learningRate / (1 - beta1 ** this.steps);
    const rootScale = 1 / Math.sqrt(1 - beta2 ** this.steps);
    for (let i = 0; i < parameters.length; i++) {
      const own = gradient[i]!;
      this.mean[i] = beta1 * this.mean[i]! + (1 - beta1) * own;
      this.meanSquare[i] = beta2 * this.meanSquare[i]! + (1 - beta2) * own * own;
      const root = Math.sqrt(this.meanSquare[i]!) * rootScale + epsilon;
      parameters[i] = parameters[i]! - (rate * this.mean[i]!) / root;
    }
    return { correct, loss };
  }
}
