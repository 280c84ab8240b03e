import { dispose, type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import { contrastiveGradients, type ImageDataset, imageBatches, type SimCLR } from 'simclr-ts';

/** Seconds that the parts of a training step take. */
export interface StepTimes {
  /** Reading and decoding the batch. */
  data: number;
  /** Both views. */
  views: number;
  /** Encoder, projection head and loss, forward and backward. */
  gradients: number;
  /** Update of the weights. */
  optimizer: number;
}

/**
 * One training step out of its parts, timed. It changes the weights as any step does: save before.
 *
 * The same three calls are what a training loop of one's own consists of.
 */
export async function timeStep(simclr: SimCLR, dataset: ImageDataset, batchSize: number): Promise<StepTimes> {
  const { encoder, projectionHead, loss: compare, viewBatching, optimizer, seed } = simclr;
  const { epoch } = simclr.progress;
  const variables = [...encoder.trainableWeights, ...projectionHead.trainableWeights].map(
    (weight) => weight.read() as Variable,
  );
  const seconds = stopwatch();
  for await (const { images, indices } of imageBatches(dataset, { batchSize, seed, epoch })) {
    await finished(images);
    const data = seconds();

    const [view1, view2] = simclr.views(images, indices, epoch);
    await finished(view2);
    const views = seconds();

    const { loss, gradients } = tidy(() => {
      const result = contrastiveGradients(view1, view2, {
        encoder,
        projectionHead,
        loss: compare,
        viewBatching,
        variables,
      });
      return { loss: result.loss, gradients: result.gradients };
    });
    await finished(gradients[variables[0]!.name]!); // the first layer's gradient comes last
    const backward = seconds();

    optimizer.applyGradients(gradients);
    await finished(variables.at(-1)!);
    const update = seconds();

    dispose([images, view1, view2, loss, ...Object.values(gradients)]);
    return { data, views, gradients: backward, optimizer: update };
  }
  throw new Error('The data set gave no batch.');
}

/** Waits until the device has computed `tensor`: some backends only queue the work. */
async function finished(tensor: Tensor): Promise<void> {
  await tensor.data();
}

/** Gives the seconds since its last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const elapsed = (now - last) / 1000;
    last = now;
    return elapsed;
  };
}
