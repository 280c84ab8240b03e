import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Transform } from '../augmentations/index.js';
import type { Readout, ReadoutStage } from '../features/index.js';
import type { ViewLoss } from '../losses/index.js';
import { variableOf } from '../models/named-weights.js';
import { sizeOfViews } from './options/input-size.js';
import type { Trainer } from './trainer.js';

function countParameters(model: LayersModel): string {
  const count = model.trainableWeights.reduce((sum, weight) => sum + variableOf(weight).size, 0);
  return `${count.toLocaleString('en')} trainable parameters`;
}

function shapes(model: LayersModel): string {
  const shape = (dims: (number | null)[]) =>
    `[${dims
      .slice(1)
      .map((size) => size ?? 'any')
      .join(', ')}]`;
  return `${shape(model.inputs[0]!.shape)} -> ${shape(model.outputs[0]!.shape)}`;
}

function describeAugmentations(augmentations: readonly Transform<unknown>[]): string {
  if (augmentations.length === 0) return 'none';
  const counts = new Map<string, number>();
  const several = new Set(augmentations.map((transform) => String(sizeOfViews(transform)))).size > 1;
  for (const transform of augmentations) {
    const size = several ? sizeOfViews(transform) : undefined;
    const text = size ? `${transform.name} ${size[0]}x${size[1]}` : transform.name;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const all = counts.size > 1 || augmentations.length > 2;
  return [...counts].map(([text, count]) => (all && count > 1 ? `${text}, ${count} views` : text)).join('; ');
}

function describeLoss({ name, config }: ViewLoss): string {
  const { name: _, ...options } = config ?? { name };
  const settings = Object.entries(options).map(([option, value]) => `, ${option} ${value}`);
  return `${name === 'ntXent' ? 'NT-Xent' : name}${settings.join('')}`;
}

function describeStages(stages: readonly ReadoutStage[]): string {
  return stages
    .map(({ layer, grid }) => (grid === undefined || grid === 1 ? layer : `${layer} on ${grid}x${grid}`))
    .join(', ');
}

function describeReadout({ stages, dim, pictures }: Readout): string {
  return `${describeStages(stages)} -> [${dim}], fitted to ${pictures.toLocaleString('en')} pictures`;
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
    ...(simclr.projectFrom
      ? [['projectFrom', describeStages(simclr.projectFrom)] satisfies [string, string]]
      : []),
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
