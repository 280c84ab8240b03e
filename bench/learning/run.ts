/**
 * What can be had from pictures in seconds and minutes, by nearest neighbors on CIFAR-10:
 *
 *     npx tsx bench/learning/run.ts --minutes 0          (--help for the flags)
 *
 * Read-outs are fitted to the reference pictures, without their labels. See docs/readout.md.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { memory } from '@tensorflow/tfjs-core';
import { type LabeledImages, selectImages } from 'simclr-ts';
import { loadCIFAR10, useBestBackend } from 'simclr-ts/node';
import { readLearningOptions } from './options.js';
import { type Measured, measureAll } from './representations.js';

const firstOf = (pictures: LabeledImages, count: number) => {
  const total = pictures.images.shape[0];
  return selectImages(
    pictures,
    Uint32Array.from({ length: Math.min(count, total) }, (_, i) => i),
  );
};

const options = readLearningOptions(process.argv.slice(2));
const choice = await useBestBackend();
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}, ${choice.name}`;
const { train, test } = await loadCIFAR10({
  log: console.error,
  ...(options.data !== undefined && { cache: options.data }),
});
const data = { references: firstOf(train, options.references), tests: firstOf(test, options.tests) };
console.log(`${machine}; ${options.references} references, ${options.tests} tests`);
console.log('kNN, %: k = 20, k = 200; seconds to make the network and to fit the read-out');
const rows: Measured[] = [];
for await (const row of measureAll(data, train.images, options)) {
  rows.push(row);
  const figures = [100 * row.knn20, 100 * row.knn200, row.networkSeconds, row.fitSeconds];
  const name = `${row.network}: ${row.readout} (${row.dim})`.padEnd(64);
  console.log(`${name}${figures.map((value) => value.toFixed(1).padStart(7)).join('')}`);
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ machine, options, rows }, null, 2)}\n`);
  }
}
console.log(`tensors left: ${memory().numTensors}`);
process.exit(0);
