import { drawCropBox } from '../../augmentations/geometry/crop-box.js';
import { roundHalfEven } from '../../augmentations/geometry/rounding.js';
import type { CropPlan, EncodedPicture, Picture, PictureToCut } from '../../data/index.js';
import { drawsFromWords } from '../../random/random-words.js';
import { cutViews } from './cut-views.js';
import type { DecodePlan } from './decode-image.js';
import { openPicture } from './open-picture.js';
import { resampleBox } from './resample-box.js';

/** The data that a decoding thread starts with. */
export interface DecodeWorkerData {
  /** The location of sharp. */
  sharp: string;
  plan: DecodePlan;
  /** Pictures under way at the same time. */
  concurrency: number;
}

/** The views to cut, and whether to return the whole pictures too; see `CutViews`. */
export interface Cutting {
  crops: readonly CropPlan[];
  keep: boolean;
}

/** A file to decode and to tell from others by its contents. */
export interface FileToIdentify extends EncodedPicture {
  /** SHA-256 hashes, in hexadecimal: a file with one of them is not decoded. */
  readonly unless: readonly string[];
}

/**
 * A message to a decoding thread: pictures to decode or, with `cutting`, to cut views from; or a request to cancel. The
 * outcomes of files to identify have their hash.
 */
export type DecodeRequest =
  | {
      id: number;
      pictures: readonly (EncodedPicture | PictureToCut | FileToIdentify)[];
      cutting: Cutting | undefined;
    }
  | { cancel: number };

/** The result of a picture: none in `images` where its hash says not to decode it. */
export type DecodeOutcome = (
  | { images: readonly Picture[] }
  /** The file could not be read (`read`) or decoded, or its thread has died twice of it; `bytes` is its length. */
  | { failed: 'read' | 'decode' | 'thread'; message: string; code?: string; bytes: number }
) & { hash?: string };

/** The answer of a decoding thread: a result for each picture, or why it cannot decode any. */
export type DecodeReply = { id: number; outcomes: DecodeOutcome[] } | { fatal: string };

/**
 * The program of a decoding thread. A text, because no bundler then needs to find a second file; it decodes as
 * `decodeBytes` does, and a test holds the two together.
 */
export const decodeWorkerCode = `
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const { readFile } = require('node:fs/promises');
const { plan, concurrency } = workerData;
const __name = (named) => named; // what some compilers wrap functions in
const openPicture = ${openPicture};
const drawCropBox = ${drawCropBox};
const roundHalfEven = ${roundHalfEven};
const drawsFromWords = ${drawsFromWords};
const tools = {
  measure: async (encoded) => {
    const { autoOrient } = await sharp(encoded, { limitInputPixels: plan.maxPixels }).metadata();
    return [autoOrient.height, autoOrient.width];
  },
  decode: (encoded, size) => decodePixels(encoded, { ...plan, size, fit: 'fill' }),
  drawBox: (words, size, crop) => drawCropBox(drawsFromWords(words), size, crop, roundHalfEven),
  resampleBox: ${resampleBox},
};
const cutViews = ${cutViews};
const waiting = new Map();
let running = false;
let sharp;
try {
  sharp = require(workerData.sharp);
} catch (error) {
  parentPort.postMessage({ fatal: error.message });
}
async function decode(picture, cutting) {
  const { name, bytes, image, unless } = picture;
  let encoded = image ? new Uint8Array(0) : bytes;
  try {
    encoded ??= new Uint8Array(await readFile(name));
  } catch (error) {
    return { failed: 'read', message: error.message, code: error.code, bytes: 0 };
  }
  const identity = unless && { hash: createHash('sha256').update(encoded).digest('hex') };
  if (unless?.includes(identity.hash)) return { images: [], ...identity };
  try {
    if (cutting) {
      return { images: await cutViews(encoded, picture, cutting.crops, cutting.keep, tools) };
    }
    return { images: [await decodePixels(encoded, plan)], ...identity };
  } catch (error) {
    return { failed: 'decode', message: error.message, bytes: encoded.length, ...identity };
  }
}
async function decodePixels(encoded, plan) {
  const { size, fit, background } = plan;
  let pipeline = await openPicture(sharp, encoded, plan);
  if (size) pipeline = pipeline.resize(size[1], size[0], { fit, background });
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(info.channels + ' channels');
  return { data: new Uint8Array(data), shape: [info.height, info.width, 3] };
}
async function answer(id, { pictures, cutting }) {
  const outcomes = [];
  let next = 0;
  const work = async () => {
    while (next < pictures.length && waiting.has(id)) {
      const place = next++;
      outcomes[place] = await decode(pictures[place], cutting);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  for (let i = 0; i < outcomes.length && waiting.has(id); i++) {
    if (outcomes[i].failed === 'decode') outcomes[i] = await decode(pictures[i], cutting); // alone: see decodeEach
  }
  if (!waiting.delete(id)) return;
  const buffers = outcomes.flatMap(({ images }) => (images ?? []).map(({ data }) => data.buffer));
  parentPort.postMessage({ id, outcomes }, buffers);
}
async function run() {
  running = true;
  while (waiting.size > 0) {
    const [[id, request]] = waiting;
    await answer(id, request);
  }
  running = false;
}
parentPort.on('message', (request) => {
  if (request.cancel !== undefined) waiting.delete(request.cancel);
  else {
    waiting.set(request.id, request);
    if (sharp && !running) run();
  }
});
`;
