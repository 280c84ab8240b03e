import { memory } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { type SimCLR, samplePictures, selectImages } from 'simclr-ts';
import { accuracyDifference, type EmbeddingArray, knnClassifier } from 'simclr-ts/evaluation';
import { evaluateRun, type RunGains, trainingVerdict } from 'simclr-ts/report';
import { describe, expect, it } from 'vitest';
import { tinySimCLR } from '../training/tiny.js';

const all = samplePictures(36, { classes: 3, size: 8 });
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const pictures = { references: selectImages(all, rows(0, 24)), test: selectImages(all, rows(24, 36)) };
const epochs = { epochs: 1, batchSize: 12 };

/** A trainer for pictures of 8x8. */
const trainer = (): SimCLR => tinySimCLR();

it('measures pixels, the encoder before and after, and the differences on the same pictures', async () => {
  const simclr = trainer();
  const tensors = memory().numTensors;
  const told: string[] = [];
  const result = await evaluateRun(simclr, pictures, () => simclr.fit(all.images, epochs), {
    neighbors: 5,
    batchSize: 10,
    flips: true,
    onProgress: (part, done, total) => void told.push(`${part} ${done}/${total}`),
  });
  expect(result.history.steps).toHaveLength(3);
  const { before, after, rawPixels, whitenedPixels, readout, readoutWithFlips, gains, embeddings } = result;
  const flipped = readoutWithFlips!;
  const atReadout = [readout!.before, readout!.after!, flipped.before, flipped.after!];
  for (const { knn, linearProbe } of [before, after!, rawPixels, whitenedPixels, ...atReadout]) {
    for (const { accuracy, count, interval } of [knn, linearProbe]) {
      expect(count).toBe(12);
      expect(interval.low).toBeLessThanOrEqual(accuracy);
      expect(interval.high).toBeGreaterThanOrEqual(accuracy);
    }
  }
  expect(result.centeredPixels.knn.count).toBe(12);
  expect(gains!.overCenteredPixels.knn).toEqual(
    accuracyDifference(after!.knn.predictions, result.centeredPixels.knn.predictions, pictures.test.labels),
  );
  expect(gains!.overWhitenedPixels.knn).toEqual(
    accuracyDifference(after!.knn.predictions, whitenedPixels.knn.predictions, pictures.test.labels),
  );
  expect(gains!.readout!.overBefore.knn).toEqual(
    accuracyDifference(
      readout!.after!.knn.predictions,
      readout!.before.knn.predictions,
      pictures.test.labels,
    ),
  );
  expect(gains!.readoutWithFlips!.overBefore.linearProbe).toEqual(
    accuracyDifference(
      flipped.after!.linearProbe.predictions,
      flipped.before.linearProbe.predictions,
      pictures.test.labels,
    ),
  );
  // Three patterns in colors of their own: told apart by the pixels.
  expect(rawPixels.linearProbe.accuracy).toBeGreaterThan(0.6);
  const byHand = async (h: EmbeddingArray, test: EmbeddingArray) => {
    const references = { embeddings: h, labels: pictures.references.labels, classes: 3 };
    const knn = await knnClassifier(references, { neighbors: 5 });
    return (await knn.evaluate(test, pictures.test.labels)).predictions;
  };
  const expected = await byHand(embeddings.after!.references, embeddings.after!.test);
  expect(after!.knn.predictions).toEqual(expected);
  expect(gains!.overBefore.knn).toEqual(
    accuracyDifference(expected, before.knn.predictions, pictures.test.labels),
  );
  const h = await simclr.embed(pictures.test.images);
  expect(embeddings.after!.test.data).toEqual(await h.data());
  expect(embeddings.before.test.data).not.toEqual(embeddings.after!.test.data);
  h.dispose();
  expect(told).toContain('references before 0/24');
  expect(told).toContain('references before 24/24');
  expect(told).toContain('test pictures after 12/12');
  // References twice: to fit the read-out, and at it.
  expect(told).toContain('pictures at the read-out before 60/60');
  const flippedAfter = told.filter((text) => text.startsWith('pictures at the read-out with flips after'));
  expect(flippedAfter).toEqual(
    [10, 20, 24, 34, 44, 48, 58, 60].map((done) => `pictures at the read-out with flips after ${done}/60`),
  );
  const slots = memory().numTensors - tensors;
  simclr.dispose();
  expect(slots).toBe(
    2 * [...simclr.encoder.trainableWeights, ...simclr.projectionHead.trainableWeights].length,
  );
});

it('has nothing to say of an encoder whose training was aborted', async () => {
  const simclr = trainer();
  const signal = AbortSignal.abort();
  const result = await evaluateRun(simclr, pictures, () => simclr.fit(all.images, { ...epochs, signal }));
  expect(result).toMatchObject({ after: null, gains: null, embeddings: { after: null } });
  expect(result).toMatchObject({ readout: { after: null }, readoutWithFlips: null });
  expect(result.history.outcome).toBe('aborted');
  simclr.dispose();
});

it('measures an encoder without maps on h alone', async () => {
  const encoder = sequential({
    layers: [layers.flatten({ inputShape: [8, 8, 3] }), layers.dense({ units: 8, activation: 'relu' })],
  });
  const simclr = tinySimCLR({ encoder });
  const result = await evaluateRun(simclr, pictures, () => simclr.fit(all.images, epochs));
  expect(result).toMatchObject({ readout: null, readoutWithFlips: null, gains: { readout: null } });
  simclr.dispose({ includeGiven: true });
});

describe('the verdict on a run', () => {
  const difference = (points: number) => ({
    difference: points / 100,
    low: (points - 1) / 100,
    high: (points + 1) / 100,
  });
  const gain = (points: number) => ({ knn: difference(points), linearProbe: difference(points) });
  const gains = (overBefore: number, overWhitenedPixels: number, readout = true): RunGains => ({
    overRawPixels: gain(30),
    overCenteredPixels: gain(30),
    overWhitenedPixels: gain(overWhitenedPixels),
    overBefore: gain(overBefore),
    readout: readout ? { overBefore: gain(overBefore), overWhitenedPixels: gain(overWhitenedPixels) } : null,
    readoutWithFlips: null,
  });

  it.each([
    [
      gains(5, 8),
      'At the read-out, training gained +5.0 points of nearest-neighbor accuracy (+4.0 to +6.0), and is ahead of whitened pixels by +8.0.',
    ],
    [gains(5, 8, false), /^On h, training gained \+5\.0 points/],
    [
      gains(0.5, 8),
      /^At the read-out, training changed \+0\.5 points .* cannot be told from chance or did harm/,
    ],
    [gains(5, -2), /but whitened pixels are no worse \(-2\.0 against whitened pixels\)\. Train longer/],
  ])('%# says whether training helped, over the strongest baselines alone', (given, expected) => {
    expect(trainingVerdict(given)).toMatch(expected);
  });
});

it('refuses pictures of different sizes and unknown options before it trains', async () => {
  const simclr = trainer();
  const train = () => Promise.reject(new Error('trained'));
  const other = samplePictures(6, { classes: 3, size: 16 });
  await expect(evaluateRun(simclr, { ...pictures, test: other }, train)).rejects.toThrow(
    'references and test must hold pictures of one size. Received: [24,8,8,3] and [6,16,16,3].',
  );
  await expect(evaluateRun(simclr, pictures, train, { neighbours: 3 } as object)).rejects.toThrow(
    'neighbors',
  );
  simclr.dispose();
});
