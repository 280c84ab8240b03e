import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { ContrastiveLoss, Trainer } from '../training/index.js';

/** The loss of a trainer as the checks need it. */
export interface LossOfTrainer {
  /** A loss other than NT-Xent, on two views; `undefined` for NT-Xent. */
  customLoss: ContrastiveLoss | undefined;
  /** Temperature of the loss, or that of NT-Xent for a loss without one. */
  temperature: number;
}

/** The default of NT-Xent. */
const defaultTemperature = 0.5;

/** The loss of a trainer. A loss that needs labels gets each picture as a class of its own. */
export function lossOf({ loss, customLoss, temperature = defaultTemperature }: Trainer): LossOfTrainer {
  if (loss.config?.name === 'ntXent') return { customLoss: undefined, temperature };
  const classes = (view: Tensor2D) => Array.from({ length: view.shape[0] }, (_, picture) => picture);
  return {
    customLoss: customLoss ?? ((a, b) => loss.compute([a, b], { labels: classes(a) })),
    temperature,
  };
}
