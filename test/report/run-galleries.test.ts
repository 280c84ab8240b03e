import { memory } from '@tensorflow/tfjs-core';
import { type EmbeddingArray, type ImageArray, samplePictures } from 'simclr-ts';
import { describe, expect, it } from 'vitest';
import { mapOf, neighborRows, thumbnails, viewRows } from '../../src/report/galleries/run-galleries.js';
import { tinySimCLR } from '../training/tiny.js';

/** Embeddings on a half circle, so that the neighbors of row i are the rows next to it. */
function halfCircle(count: number): EmbeddingArray {
  const angles = Array.from({ length: count }, (_, i) => (Math.PI * i) / count);
  return {
    data: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])),
    shape: [count, 2],
  };
}

describe('thumbnails', () => {
  it('are the pixels themselves where a picture is small', () => {
    const { images, labels } = samplePictures(3, { size: 8 });
    const shown = thumbnails(images, labels);
    expect(shown.count).toBe(3);
    expect(shown.picture(2)).toEqual({ pixels: images.data.subarray(2 * 192), width: 8, height: 8 });
  });

  it('average larger ones, keep their proportions, and make gray pictures RGB', () => {
    const data = Float32Array.from({ length: 96 * 48 }, (_, i) => (i % 96 < 48 ? 0.2 : 1));
    const gray: ImageArray = { data, shape: [1, 48, 96, 1] };
    const { pixels, width, height } = thumbnails(gray).picture(0) as {
      pixels: Uint8Array;
      width: number;
      height: number;
    };
    expect([height, width]).toEqual([24, 48]);
    expect([...pixels.subarray(0, 3)]).toEqual([51, 51, 51]);
    expect([...pixels.subarray(-3)]).toEqual([255, 255, 255]);
  });
});

describe('viewRows', () => {
  it('shows colors as they were before normalization, and leaves no tensor', async () => {
    const { images } = samplePictures(12, { size: 8 });
    const augmentation = {
      name: 'simclrAugmentation' as const,
      options: {
        size: 8,
        scale: [1, 1] as [number, number],
        aspectRatio: [1, 1] as [number, number],
        flipProbability: 0,
        jitterProbability: 0,
        grayscaleProbability: 0,
        blur: false as const,
      },
    };
    const simclr = tinySimCLR({
      augmentation,
      normalization: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
    });
    const tensors = memory().numTensors;
    const rows = await viewRows(simclr, images);
    expect(memory().numTensors).toBe(tensors);
    expect(rows).toHaveLength(8);
    for (const { original, view1, view2 } of rows) {
      for (const view of [view1, view2]) {
        const differences = view.pixels.map((value, i) => Math.abs(value - original.pixels[i]!));
        expect(Math.max(...differences)).toBeLessThanOrEqual(1);
      }
    }
    simclr.dispose();
  });
});

describe('neighborRows', () => {
  it('finds the nearest references of one query per class', async () => {
    const { images, labels } = samplePictures(20, { classes: 10, size: 8 });
    const [references, test] = [thumbnails(images, labels), thumbnails(images, labels)];
    const vectors = halfCircle(20);
    const rows = await neighborRows(references, test, [{ name: 'h', references: vectors, test: vectors }]);
    expect(rows.map(({ query }) => query.label)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(
      rows[4]!.found[0]!.pictures.map(({ label }) => label)
        .slice(0, 3)
        .sort(),
    ).toEqual([3, 4, 5]);
  });

  it('leaves out the query where pictures are searched among themselves', async () => {
    const { images } = samplePictures(16, { size: 8 });
    const shown = thumbnails(images);
    const vectors = halfCircle(16);
    const [first, second] = await neighborRows(shown, shown, [
      { name: 'h', references: vectors, test: vectors },
    ]);
    expect(first!.query).not.toHaveProperty('label');
    const pictureOf = (row: number) => shown.picture(row);
    expect(first!.found[0]!.pictures).toHaveLength(6);
    expect(first!.found[0]!.pictures[0]).toEqual(pictureOf(1));
    expect(second!.found[0]!.pictures).not.toContainEqual(pictureOf(2));
  });
});

it('mapOf takes 400 pictures evenly, with their embeddings', async () => {
  const { images } = samplePictures(900, { classes: 2, size: 8 });
  const { pictures, embeddings } = await mapOf(thumbnails(images), [{ name: 'h', test: halfCircle(900) }]);
  expect(pictures).toHaveLength(400);
  expect(embeddings[0]!.embeddings.shape).toEqual([400, 2]);
  expect(embeddings[0]!.embeddings.data.slice(2, 4)).toEqual(halfCircle(900).data.slice(4, 6));
});
