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
  { name: 'stem and layer1 on 3x3', stages: [stem(3), first(3)] },
  { name: 'stem and layer1 on 4x4', stages: [stem(4), first(4)] },
  { name: 'stem and layer1 on 4x4, layer2 on 2x2', stages: [stem(4), first(4), second(2)] },
  { name: 'layer1 on 3x3, layer2 on 2x2', stages: [first(3), second(2)] },
  { name: 'layer1 on 3x3, layer2 on 2x2, h', stages: [first(3), second(2), last] },
];

const layer1For2 = [{ at: [first(2)], epochs: 2 }];

/** What is compared. An epoch has 45,000 pairs. */
export const trials: readonly Trial[] = [
  { name: 'untrained', phases: [] },
  { name: 'untrained, random blocks', phases: [], blocks: 'random' },
  { name: 'h, 1 epoch', phases: [{ at: 'h', epochs: 1 }] },
  { name: 'h, 3 epochs', phases: [{ at: 'h', epochs: 3 }] },
  { name: 'layer1, 1 epoch', phases: [{ at: [first(2)], epochs: 1 }] },
  { name: 'layer1, 5 epochs', phases: [{ at: [first(2)], epochs: 5 }] },
  { name: 'layer1, 2 epochs, rate 7e-4', phases: layer1For2 },
  { name: 'layer1, 2 epochs, on 1x1', phases: [{ at: [first(1)], epochs: 2 }] },
  { name: 'layer1, 2 epochs, on 4x4', phases: [{ at: [first(4)], epochs: 2 }] },
  { name: 'layer1, 2 epochs, rate 2e-3', phases: layer1For2, learningRate: 2e-3 },
  { name: 'layer1, 2 epochs, rate 2.5e-4', phases: layer1For2, learningRate: 2.5e-4 },
  { name: 'layer1, 2 epochs, temperature 0.2', phases: layer1For2, temperature: 0.2 },
  { name: 'layer1, 2 epochs, temperature 0.05', phases: layer1For2, temperature: 0.05 },
  { name: 'layer1, 2 epochs, crops from 0.08', phases: layer1For2, smallestCrop: 0.08 },
  { name: 'layer1, 2 epochs, crops from 0.4', phases: layer1For2, smallestCrop: 0.4 },
  { name: 'layer1, 2 epochs, batch 256', phases: layer1For2, batchSize: 256, learningRate: 1e-3 },
  { name: 'layer1, 2 epochs, first layer learns', phases: layer1For2, firstLayer: 'free' },
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
