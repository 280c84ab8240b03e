import '@tensorflow/tfjs-backend-cpu';
import { matMul, ready, setBackend, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import {
  augment,
  batchRandom,
  imagesToTensor,
  negativePairMask,
  ntXentLoss,
  positivePairMask,
  randomGenerator,
  simclrAugmentation,
} from 'simclr-ts';
import { UMAP } from 'umap-js';
import { serve } from '../shared/remote.js';
import { augmentationOptions } from '../shared/settings.js';
import type { SideCommands } from '../shared/side-protocol.js';

async function start(): Promise<void> {
  await setBackend('cpu');
  await ready();
}
const started = start();

/** Rows of length one, as lists for umap-js. */
function unitLists(vectors: Float32Array, rows: number): number[][] {
  const dim = vectors.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const line = Array.from(vectors.subarray(row * dim, (row + 1) * dim));
    const length = Math.hypot(...line) || 1;
    return line.map((value) => value / length);
  });
}

const commands: SideCommands = {
  ready: () => started,

  async views(pictures, size, settings, viewSize, seed) {
    await started;
    const count = pictures.length / (size * size * 3);
    const transform = simclrAugmentation(augmentationOptions(settings, viewSize));
    const indices = Array.from({ length: count }, (_, index) => index);
    const images = imagesToTensor({ data: pictures, shape: [count, size, size, 3] });
    const [first, second] = await Promise.all(
      [0, 1].map(async (view) => {
        const tensor = augment(transform, images, batchRandom({ seed, epoch: 0, indices, view }));
        const values = await tensor.data();
        tensor.dispose();
        return Uint8Array.from(values, (value) => Math.round(255 * value));
      }),
    );
    images.dispose();
    return { size: viewSize, first: first!, second: second! };
  },

  async map(vectors, rows) {
    const random = randomGenerator(7); // the same start every time, so that the map changes little
    const neighbors = Math.max(2, Math.min(12, rows - 1));
    const umap = new UMAP({
      nNeighbors: neighbors,
      minDist: 0.3,
      nEpochs: 150,
      random: () => random.uniform(0, 1),
    });
    return Float32Array.from(umap.fit(unitLists(vectors, rows)).flat());
  },

  async explain(z, dim, temperature) {
    await started;
    const count = z.length / dim;
    const pairs = count / 2;
    const units = Float32Array.from(unitLists(z, count).flat());
    const read = (values: { dataSync(): ArrayLike<number> }) => Float32Array.from(values.dataSync());
    const result = tidy(() => {
      const all = tensor2d(units, [count, dim]);
      const first = tensor2d(z.subarray(0, pairs * dim), [pairs, dim]);
      const second = tensor2d(z.subarray(pairs * dim), [pairs, dim]);
      return {
        loss: read(ntXentLoss(first, second, { temperature }))[0]!,
        rows: read(ntXentLoss(first, second, { temperature, reduction: 'none' })),
        similarities: read(matMul(all, all, false, true) as Tensor2D),
        positives: Uint8Array.from(read(positivePairMask(pairs))),
        negatives: Uint8Array.from(read(negativePairMask(pairs))),
      };
    });
    return result;
  },
};

serve(commands as never);
