import type { LayersModel } from '@tensorflow/tfjs-layers';
import { variableOf } from './named-weights.js';
import type { SimCLR } from './simclr.js';

function countParameters(model: LayersModel): string {
  const count = model.trainableWeights.reduce((sum, weight) => sum + variableOf(weight).size, 0);
  return `${count.toLocaleString('en')} trainable parameters`;
}

function shapes(model: LayersModel): string {
  const shape = (dims: (number | null)[]) => `[${dims.slice(1).join(', ')}]`;
  return `${shape(model.inputs[0]!.shape)} -> ${shape(model.outputs[0]!.shape)}`;
}

/** The text behind `SimCLR.summary()`. */
export function summarize(simclr: SimCLR): string {
  const { encoder, projectionHead, augmentation, normalization, optimizer, progress } = simclr;
  const optimizerName =
    (optimizer.constructor as { className?: string }).className ?? optimizer.constructor.name;
  const rows: [string, string][] = [
    ['augmentation', augmentation?.name ?? 'none'],
    ['normalization', normalization ? `mean [${normalization.mean}], std [${normalization.std}]` : 'none'],
    ['encoder', `${encoder.name}  ${shapes(encoder)}  ${countParameters(encoder)}`],
    [
      'projectionHead',
      `${projectionHead.name}  ${shapes(projectionHead)}  ${countParameters(projectionHead)}`,
    ],
    ['loss', simclr.customLoss ? 'custom' : `NT-Xent, temperature ${simclr.temperature}`],
    ['optimizer', optimizerName],
    ['viewBatching', simclr.viewBatching],
    ['seed', String(simclr.seed)],
    ['progress', `${progress.step} steps, ${progress.epoch} epochs`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return ['SimCLR', ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)].join('\n');
}
