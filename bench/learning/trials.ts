import type { ReadoutStage } from 'simclr-ts/features';
import type { Trial, TrialReadout } from './trial.js';

const stem = (grid: number): ReadoutStage => ({ layer: 'bn1', grid });
const first = (grid: number): ReadoutStage => ({ layer: 'layer1.1.bn2', grid });
const last: ReadoutStage = { layer: 'layer4.1.bn2', grid: 1 };
const second = (grid: number): ReadoutStage => ({ layer: 'layer2.1.bn2', grid });

/** What every trained network is measured at. */
export const readouts: readonly TrialReadout[] = [
  { name: 'h' },
  { name: 'h, whitened', stages: [last] },
  { name: 'stem on 4x4', stages: [stem(4)] },
  { name: 'layer1 on 4x4', stages: [first(4)] },
  { name: 'stem and layer1 on 4x4', stages: [stem(4), first(4)] },
  { name: 'stem and layer1 on 4x4, layer2 on 2x2', stages: [stem(4), first(4), second(2)] },
  { name: 'layer1 on 3x3, layer2 on 2x2', stages: [first(3), second(2)] },
  { name: 'layer1 on 3x3, layer2 on 2x2, h', stages: [first(3), second(2), last] },
];

/** What is compared. An epoch has 45,000 pairs. */
export const trials: readonly Trial[] = [
  { name: 'untrained', phases: [] },
  { name: 'untrained, random blocks', phases: [], blocks: 'random' },
  { name: 'h, 1 epoch', phases: [{ at: 'h', epochs: 1 }] },
  { name: 'h, 3 epochs', phases: [{ at: 'h', epochs: 3 }] },
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
