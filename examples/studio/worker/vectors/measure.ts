import { memory } from '@tensorflow/tfjs-core';
import { embeddingHealth, nearestNeighbors, type SimCLR } from 'simclr-ts';
import { mostOnMap, type PictureSet, spreadIndices } from '../../shared/pictures.js';
import type { MeasureEvent, Measurement } from '../../shared/trainer-protocol.js';
import { readoutOf } from '../model.js';
import { vectorsOf, vectorsOfViews } from './vectors-of.js';

/** Pictures that are measured while training runs: all of the samples, and few enough to be quick. */
const mostMeasured = 300;
const neighborsShown = 5;
const examplesShown = 4;

/** The pass number whose views measurements draw: the same at every step, and no pass of training. */
const measuringPass = 2 ** 30;

/** How good the vectors are, by measures without labels, and by folders if there are any. */
export async function measure(simclr: SimCLR, pictures: PictureSet, version = 0): Promise<MeasureEvent> {
  const { step } = simclr.progress;
  const indices = spreadIndices(pictures.names.length, mostMeasured);
  const [size] = simclr.inputSize;
  // Fitted to what is measured: the weights change from one measurement to the next.
  const readout = await readoutOf(simclr, pictures, indices);
  const vectors = await vectorsOf(readout ?? simclr, pictures, indices, size);
  const shown = spreadIndices(pictures.names.length, mostOnMap);
  const onMap =
    shown.length === indices.length ? vectors : await vectorsOf(readout ?? simclr, pictures, shown, size);
  const began = performance.now();
  const [first, second] = await vectorsOfViews(simclr, readout ?? simclr, pictures, indices, measuringPass);
  readout?.dispose();
  const viewsPerSecond = (2 * 1000 * indices.length) / (performance.now() - began);
  const { indices: nearest } = await nearestNeighbors(first, second, 1);
  const viewMatch = nearest.reduce((sum, found, row) => sum + (found === row ? 1 : 0), 0) / indices.length;
  // Those of a read-out have full rank.
  const h = await vectorsOf(simclr, pictures, indices, size);
  const { effectiveRank } = await embeddingHealth(h);
  const count = Math.min(neighborsShown, indices.length - 1);
  const neighbors = await othersNearest(vectors, count);
  const measurement: Measurement = { step, viewMatch, effectiveRank, dim: h.shape[1] };
  const groups = indices.map((index) => pictures.groups[index]!);
  if (new Set(groups).size >= 2) {
    let same = 0;
    for (const [row, found] of neighbors.entries()) {
      for (const other of found) if (groups[other] === groups[row]) same++;
    }
    measurement.groupMatch = same / (indices.length * count);
  }
  const examples = spreadIndices(indices.length, examplesShown).map((row) => ({
    index: indices[row]!,
    neighbors: neighbors[row]!.map((other) => indices[other]!),
  }));
  const { numTensors: tensors, numBytes: bytes } = memory();
  return {
    type: 'measure',
    version,
    measurement,
    indices: shown,
    vectors: onMap.data,
    viewsPerSecond,
    examples,
    memory: { tensors, bytes },
  };
}

/** The nearest other rows of every row. */
async function othersNearest(
  vectors: Awaited<ReturnType<typeof vectorsOf>>,
  count: number,
): Promise<number[][]> {
  const found = await nearestNeighbors(vectors, vectors, count + 1);
  return Array.from({ length: vectors.shape[0] }, (_, row) => {
    const all = Array.from(found.indices.subarray(row * (count + 1), (row + 1) * (count + 1)));
    return all.filter((other) => other !== row).slice(0, count);
  });
}
