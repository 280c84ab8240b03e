import { join } from 'node:path';
import type { ImageArray } from '../../data/index.js';
import { spreadRows } from '../../data/spread-rows.js';
import { DataError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { fitReadout, initializeFromImages, Readout } from '../../features/index.js';
import { resnet18 } from '../../models/index.js';
import { directory } from '../checkpoints/directory.js';
import { decodePlan } from '../pictures/decode-image.js';
import { defaultWorkers, makePool } from '../pictures/decode-pool.js';

/** Side of the pictures that the network takes: what docs/readout.md measured. */
const side = 32;

/** Pictures that it is fitted to: some twenty for each of its dimensions. */
const mostPictures = 5000;

const chunk = 256;

/** Some pictures, evenly spread, as far as they decode. */
async function samplePictures(caller: string, paths: readonly string[]): Promise<ImageArray> {
  const rows = spreadRows(paths.length, mostPictures);
  const bytes = side * side * 3;
  const data = new Uint8Array(rows.length * bytes);
  const pool = makePool(caller, decodePlan(caller, { size: side }), defaultWorkers());
  let count = 0;
  try {
    for (let start = 0; start < rows.length; start += chunk) {
      const pictures = rows.slice(start, start + chunk).map((row) => ({ name: paths[row]! }));
      for (const result of await pool(pictures)) {
        if (!isError(result, 'DataError')) data.set(result.data, count++ * bytes);
      }
    }
  } finally {
    await pool.close();
  }
  return { data: data.subarray(0, count * bytes), shape: [count, side, side, 3] };
}

/** Whether any picture differs from the first. */
function differ({ data }: ImageArray): boolean {
  const length = side * side * 3;
  return data.some((value, i) => value !== data[i % length]);
}

function tooFew(caller: string, dir: string, reason: string, cause?: unknown): DataError {
  return new DataError(
    `${caller}: without a model, dir must hold pictures that differ from one another, so that a network can be fitted to them. Received: dir=${JSON.stringify(dir)} (${reason}).`,
    dir,
    { cause },
  );
}

/**
 * A network for pictures that nobody trained: filters from patches of the pictures, and a read-out of its first two stages.
 *
 * @throws `DataError` when there are not two pictures that differ.
 */
export async function fitNetwork(caller: string, dir: string, paths: readonly string[]): Promise<Readout> {
  const images = await samplePictures(caller, paths);
  if (!differ(images)) throw tooFew(caller, dir, 'all whole pictures are alike');
  const encoder = resnet18({ inputShape: [side, side, 3], seed: 1 });
  try {
    await initializeFromImages(encoder, images, { seed: 1, scale: false });
    return await fitReadout(encoder, images);
  } catch (error) {
    if (!isError(error, 'ValueRangeError')) throw error;
    throw tooFew(caller, dir, error.message.replace(/^\w+: /, ''), error);
  } finally {
    encoder.dispose();
  }
}

const networkFolder = 'network';

/** Keeps a fitted network beside the vectors. */
export async function saveNetwork(folder: string, readout: Readout): Promise<void> {
  await readout.save(directory(join(folder, networkFolder)));
}

/** @throws `CheckpointError` when it is damaged. */
export function loadNetwork(folder: string): Promise<Readout> {
  return Readout.load(directory(join(folder, networkFolder)));
}
