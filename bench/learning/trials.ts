import type { ReadoutStage } from 'simclr-ts/features';
import type { Trial, TrialReadout } from './trial.js';

const stem = (grid: number): ReadoutStage => ({ layer: 'bn1', grid });
const first = (grid: number): ReadoutStage => ({ layer: 'layer1.1.bn2', grid });
const second = (grid: number): ReadoutStage => ({ layer: 'layer2.1.bn2', grid });

/** What every trained network is measured at. */
export const readouts: readonly TrialReadout[] = [
  { name: 'h' },
  { name: 'stem on 4x4', stages: [stem(4)] },
  { name: 'layer1 on 4x4', stages: [first(4)] },
  { name: 'stem and layer1 on 4x4', stages: [stem(4), first(4)] },
  { name: 'stem and layer1 on 4x4, layer2 on 2x2', stages: [stem(4), first(4), second(2)] },
];

/** What is compared. An epoch has 45,000 pairs. */
export const trials: readonly Trial[] = [
  { name: 'untrained', phases: [] },
  { name: 'h, 1 epoch', phases: [{ at: 'h', epochs: 1 }] },
  { name: 'layer1, 1 epoch', phases: [{ at: [first(2)], epochs: 1 }] },
  { name: 'layer1, 5 epochs', phases: [{ at: [first(2)], epochs: 5 }] },
  {
    name: 'layer1, 2 epochs, held, then h, 1 epoch',
    phases: [
      { at: [first(2)], epochs: 2, hold: true },
      { at: 'h', epochs: 1 },
    ],
  },
  {
    name: 'layer1, 2 epochs, held, then layer2, 1 epoch',
    phases: [
      { at: [first(2)], epochs: 2, hold: true },
      { at: [second(2)], epochs: 1 },
    ],
  },
];
