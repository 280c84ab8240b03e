import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { ContrastiveLoss, Trainer } from '../training/index.js';

/** The loss of a trainer as the checks see it. */
export interface LossOfTrainer {
  /** Another loss than NT-Xent, on two views; `undefined` for NT-Xent, of which more is known. */
  customLoss: ContrastiveLoss | undefined;
  /** The loss's temperature, or the one to judge projections at where it has none. */
  temperature: number;
}

/** NT-Xent's own. */
const defaultTemperature = 0.5;

/** What a trainer compares its views with. A loss that needs labels is given each picture as a class of its own. */
export function lossOf({ loss, customLoss, temperature = defaultTemperature }: Trainer): LossOfTrainer {
  if (loss.config?.name === 'ntXent') return { customLoss: undefined, temperature };
  const classes = (view: Tensor2D) => Array.from({ length: view.shape[0] }, (_, picture) => picture);
  return {
    customLoss: customLoss ?? ((a, b) => loss.compute([a, b], { labels: classes(a) })),
    temperature,
  };
}
