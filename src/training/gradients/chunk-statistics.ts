import { add, div, keep, type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { variableOf } from '../../models/named-weights.js';

interface Remembered {
  variable: Variable;
  value: Tensor;
  sum: Tensor | undefined;
}

/**
 * Averages what the chunks of a batch make of the running statistics: each chunk moves them from where they were before
 * the batch, and in the end they take the mean. Because a move is linear, that is what batch normalization with one group
 * per chunk makes of the whole batch at once.
 */
export class ChunkStatistics {
  private readonly remembered: Remembered[];
  private chunks = 0;

  constructor(...models: LayersModel[]) {
    const variables = models.flatMap((model) => model.nonTrainableWeights.map(variableOf));
    this.remembered = tidy(() =>
      variables.map((variable) => ({ variable, value: variable.clone(), sum: undefined })),
    );
  }

  /** Adds up what a chunk made of the statistics, and restores the values from before the batch. */
  collect(): void {
    this.chunks++;
    for (const entry of this.remembered) {
      const { variable, value, sum } = entry;
      if (variable.isDisposed || variable.dataId === value.dataId) continue; // nothing wrote it: a frozen weight
      entry.sum = tidy(() => keep(sum ? add(sum, variable) : variable.clone()));
      sum?.dispose();
      variable.assign(value);
    }
  }

  /** Restores the values from before the batch. */
  undo(): void {
    for (const { variable, value } of this.remembered) {
      if (!variable.isDisposed && variable.dataId !== value.dataId) variable.assign(value);
    }
  }

  /** Sets the statistics to the mean over the chunks. */
  commit(): void {
    for (const { variable, sum } of this.remembered) {
      if (!sum || variable.isDisposed) continue;
      tidy(() => variable.assign(div(sum, this.chunks)));
    }
  }

  /** Disposes of the remembered values. */
  dispose(): void {
    for (const { value, sum } of this.remembered) {
      value.dispose();
      sum?.dispose();
    }
  }
}
