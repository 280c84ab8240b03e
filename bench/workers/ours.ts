/** The library on its wasm backend, by nothing but its public API. */
import 'simclr-ts/wasm';
import { randomUniform, ready, setBackend, type Tensor4D } from '@tensorflow/tfjs-core';
import {
  augment,
  BatchNormalization,
  batchRandom,
  resnet18,
  SGD,
  SimCLR,
  simclrAugmentation,
} from 'simclr-ts';
import type { AugmentWork, EmbedWork, TrainWork, Work } from '../work.js';
import { prepareKernel } from './kernel-calls.js';
import { countThreads, type Prepared, serve } from './serve.js';
import { configureThreads } from './threads.js';
import { prepareStep } from './training-step.js';

type Run = Prepared['run'];

const pictures = (count: number, size: number): Tensor4D => randomUniform([count, size, size, 3], 0, 1);
const momentum = () => new SGD({ learningRate: 0.1, momentum: 0.9 });

function prepareTrain({ batch, microBatch, size, width, stem }: TrainWork): Run {
  const simclr = new SimCLR({
    encoder: resnet18({ inputShape: [size, size, 3], stem, width }),
    augmentation: simclrAugmentation({ size, strength: 0.5, blur: false }),
    optimizer: momentum(),
  });
  const data = Uint8Array.from(
    { length: batch * size * size * 3 },
    (_, i) => Math.imul(i, 2654435761) >>> 24,
  );
  const options = { batchSize: batch, ...(microBatch !== null && { microBatchSize: microBatch }) };
  return async () => {
    const { steps } = await simclr.fit({ data, shape: [batch, size, size, 3] }, options);
    return steps[0]!.loss;
  };
}

function prepareEmbed({ images, size, stem }: EmbedWork): Run {
  const simclr = new SimCLR({ encoder: resnet18({ inputShape: [size, size, 3], stem }) });
  const input = pictures(images, size);
  return async () => {
    const representations = await simclr.embed(input, { batchSize: images });
    await representations.data();
    representations.dispose();
    return undefined;
  };
}

function prepareAugment({ batch, size }: AugmentWork): Run {
  const augmentation = simclrAugmentation({ size });
  const images = pictures(batch, size);
  const indices = Array.from({ length: batch }, (_, row) => row);
  let epoch = 0;
  return () => {
    for (const view of [0, 1]) {
      augment(augmentation, images, batchRandom({ seed: 1, epoch, indices, view })).dispose();
    }
    epoch++;
    return undefined;
  };
}

function prepareWork(work: Work): Run {
  if (work.kind === 'step') return prepareStep(work);
  if (work.kind === 'train') return prepareTrain(work);
  if (work.kind === 'embed') return prepareEmbed(work);
  if (work.kind === 'augment') return prepareAugment(work);
  return prepareKernel(work, {
    normalization: () => [new BatchNormalization({ activation: 'relu' })],
    optimizer: momentum,
  });
}

await serve(async (work) => {
  const threads = await configureThreads();
  if (!(await setBackend('wasm'))) throw new Error('The wasm backend does not start here.');
  await ready();
  return { label: `simclr-ts wasm, ${countThreads(threads)}`, run: prepareWork(work) };
});
