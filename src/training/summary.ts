import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Transform } from '../augmentations/index.js';
import type { Readout } from '../features/index.js';
import type { ViewLoss } from '../losses/index.js';
import { variableOf } from '../models/named-weights.js';
import type { Trainer } from './trainer.js';

function countParameters(model: LayersModel): string {
  const count = model.trainableWeights.reduce((sum, weight) => sum + variableOf(weight).size, 0);
  return `${count.toLocaleString('en')} trainable parameters`;
}

function shapes(model: LayersModel): string {
  const shape = (dims: (number | null)[]) => `[${dims.slice(1).join(', ')}]`;
  return `${shape(model.inputs[0]!.shape)} -> ${shape(model.outputs[0]!.shape)}`;
}

function describeAugmentations(augmentations: readonly Transform<unknown>[]): string {
  const names = augmentations.map(({ name }) => name);
  if (names.length === 0) return 'none';
  if (names.length > 2 && new Set(augmentations).size === 1) return `${names[0]}, ${names.length} views`;
  return new Set(augmentations).size === 1 ? names[0]! : names.join(', ');
}

function describeLoss({ name, config }: ViewLoss): string {
  const { name: _, ...options } = config ?? { name };
  const settings = Object.entries(options).map(([option, value]) => `, ${option} ${value}`);
  return `${name === 'ntXent' ? 'NT-Xent' : name}${settings.join('')}`;
}

function describeReadout({ stages, dim, pictures }: Readout): string {
  const read = stages.map(({ layer, grid }) => (grid === 1 ? layer : `${layer} on ${grid}x${grid}`));
  return `${read.join(', ')} -> [${dim}], fitted to ${pictures.toLocaleString('en')} pictures`;
}

/** The text behind `SimCLR.summary()`. */
export function summarize(simclr: Trainer): string {
  const { encoder, projectionHead, augmentations, normalization, optimizer, progress } = simclr;
  const optimizerName =
    (optimizer.constructor as { className?: string }).className ?? optimizer.constructor.name;
  const rows: [string, string][] = [
    ['augmentation', describeAugmentations(augmentations)],
    ['normalization', normalization ? `mean [${normalization.mean}], std [${normalization.std}]` : 'none'],
    ['encoder', `${encoder.name}  ${shapes(encoder)}  ${countParameters(encoder)}`],
    [
      'projectionHead',
      `${projectionHead.name}  ${shapes(projectionHead)}  ${countParameters(projectionHead)}`,
    ],
    ...(simclr.readout ? [['readout', describeReadout(simclr.readout)] satisfies [string, string]] : []),
    ['loss', describeLoss(simclr.loss)],
    ['optimizer', optimizerName],
    ['viewBatching', simclr.viewBatching],
    ['seed', String(simclr.seed)],
    ['progress', `${progress.step} steps, ${progress.epoch} epochs`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return ['SimCLR', ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)].join('\n');
}
