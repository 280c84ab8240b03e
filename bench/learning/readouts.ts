/**
 * Compares read-outs of a trained model by nearest neighbors on CIFAR-10's training pictures:
 *
 *     npx tsx bench/learning/readouts.ts --model runs/cifar10
 *
 * Neighbors of the last 5,000 are searched among the first 10,000, to which the read-outs are fitted, too.
 */
import { dispose } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { SimCLR } from 'simclr-ts';
import { linearProbe } from 'simclr-ts/evaluation';
import { fitReadout, type ReadoutStage } from 'simclr-ts/features';
import { directory, loadCIFAR10, useBestBackend } from 'simclr-ts/node';
import { integer } from '../../src/cli/options.js';
import { heldBack } from './held-back.js';
import { neighborAccuracies } from './representations.js';

const { model, dims, only, probe } = new Command('readouts')
  .description('Read-outs of a trained model, compared by nearest neighbors on CIFAR-10.')
  .requiredOption('--model <folder>', 'a model for pictures of 32x32')
  .option('--only <text>', 'part of the names of read-outs', '')
  .option('--probe', 'measure a linear probe, too')
  .option('--dims <count...>', 'lengths of the vectors', (text, all: number[] = []) => [
    ...all,
    integer(1)(text),
  ])
  .parse()
  .opts<{ model: string; dims?: number[]; only: string; probe?: boolean }>();

const layers = {
  stem: 'bn1',
  layer1: 'layer1.1.bn2',
  layer2: 'layer2.1.bn2',
  layer3: 'layer3.1.bn2',
  h: 'layer4.1.bn2',
};

/** For example `stem:3 layer1:3 h:1x0.5`: layers, grids, and weights. */
const combinations = [
  'stem:3 layer1:3',
  'stem:4 layer1:4',
  'layer1:3',
  'layer1:4',
  'h:1',
  'stem:3 layer1:3 h:1',
  'stem:3 layer1:3 layer2:2 h:1',
  'stem:3 layer1:3 layer3:1 h:1',
  'stem:3 layer1:3 layer2:2 layer3:1 h:1',
  'layer1:3 layer2:2 h:1',
  'stem:4 layer1:4 layer2:2 h:1',
  'stem:3 layer1:3 h:1x0.5',
  'stem:3 layer1:3 h:1x2',
];

function stagesOf(text: string): ReadoutStage[] {
  return text.split(' ').map((part) => {
    const [name, grid, weight = '1'] = part.split(/[:x]/) as [keyof typeof layers, string, string?];
    return { layer: layers[name], grid: Number(grid), weight: Number(weight) };
  });
}

await useBestBackend();
const { train } = await loadCIFAR10({ log: console.error });
const { references, tests } = heldBack(train).labeled;
const simclr = await SimCLR.load(directory(model));
console.log('kNN, %: k = 20, k = 200');
const batchSize = 250;
const print = (name: string, { dim, knn20, knn200 }: Awaited<ReturnType<typeof neighborAccuracies>>) =>
  console.log(
    `${`${name} (${dim})`.padEnd(60)}${(100 * knn20).toFixed(1).padStart(8)}${(100 * knn200).toFixed(1).padStart(8)}`,
  );
print('h as it is', await neighborAccuracies(simclr, { references, tests }, { batchSize }));
for (const name of combinations.filter((each) => each.includes(only))) {
  for (const dim of dims ?? [256]) {
    for (const flips of [false, true]) {
      const { images } = references;
      const readout = await fitReadout(simclr, images, { stages: stagesOf(name), batchSize, flips, dim });
      const figures = await neighborAccuracies(readout, { references, tests }, { batchSize, flips });
      print(`${name}${flips ? ', flips' : ''}`, figures);
      if (probe) {
        const embeddings = await readout.embed(images, { batchSize, flips });
        const fitted = await linearProbe({ embeddings, labels: references.labels });
        const queries = await readout.embed(tests.images, { batchSize, flips });
        const { accuracy } = await fitted.evaluate(queries, tests.labels);
        console.log(`${''.padEnd(60)}${(100 * accuracy).toFixed(1).padStart(24)}`);
        dispose([embeddings, queries]);
      }
      readout.dispose();
    }
  }
}
process.exit(0);
