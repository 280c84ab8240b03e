/** SimCLR from its parts, without the trainer: views, encoder, projection head, loss, gradients, optimizer. */
import 'simclr-ts/wasm';
import {
  dispose,
  setBackend,
  slice,
  type Tensor2D,
  type Tensor4D,
  tidy,
  variableGrads,
} from '@tensorflow/tfjs-core';
import {
  augment,
  batchesPerEpoch,
  batchRandom,
  imageBatches,
  imagesToTensor,
  knnClassifier,
  ntXentLoss,
  projectionHead,
  resnet18,
  SGD,
  samplePictures,
  simclrAugmentation,
  trainableVariables,
  warmupCosineSchedule,
} from 'simclr-ts';

const epochs = 6;
const batchSize = 32;
const seed = 1;

await setBackend('wasm');
const { images, labels } = samplePictures(192);

const augmentation = simclrAugmentation({ size: 32, strength: 0.5, blur: false });
const encoder = resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8, seed });
const head = projectionHead({ inputDim: 64, hidden: [64], outputDim: 32, seed });
const variables = trainableVariables(encoder, head);

const totalSteps = epochs * batchesPerEpoch(images, { batchSize })!;
const learningRate = warmupCosineSchedule({ peak: 0.1, warmupSteps: 4, totalSteps });
const optimizer = new SGD({ learningRate, momentum: 0.9, weightDecay: 1e-4 });

/** A random view of each picture: a function of the seed, the epoch, the picture's number and the view's. */
const view = (pictures: Tensor4D, epoch: number, indices: ArrayLike<number>, number: number) =>
  augment(augmentation, pictures, batchRandom({ seed, epoch, indices, view: number }));

/** Pictures to projections, in training mode: batch normalization uses the batch's own statistics. */
const project = (pictures: Tensor4D) =>
  head.apply(encoder.apply(pictures, { training: true }) as Tensor2D, { training: true }) as Tensor2D;

const losses: number[] = [];
for (let epoch = 0; epoch < epochs; epoch++) {
  let sum = 0;
  let steps = 0;
  for await (const { images: pictures, indices } of imageBatches(images, { batchSize, seed, epoch })) {
    const { value, grads } = tidy(() => {
      const views = [0, 1].map((number) => view(pictures, epoch, indices, number));
      return variableGrads(
        () => ntXentLoss(project(views[0]!), project(views[1]!), { temperature: 0.5 }),
        variables,
      );
    });
    optimizer.applyGradients(grads);
    sum += (await value.data())[0]!;
    steps++;
    dispose([pictures, value, ...Object.values(grads)]);
  }
  losses.push(sum / steps);
}
const uniform = Math.log(2 * batchSize - 1); // the loss of embeddings that are all equal
console.log(
  `loss ${losses[0]!.toFixed(3)} to ${losses.at(-1)!.toFixed(3)}; learning nothing: ${uniform.toFixed(3)}`,
);

// The head served training only: use the representation h before it.
const h = tidy(() => encoder.predict(imagesToTensor(images)) as Tensor2D);
const half = labels.length / 2;
const rows = (first: number) => slice(h, [first, 0], [half, -1]);
const classifier = await knnClassifier(
  { embeddings: rows(0), labels: labels.slice(0, half) },
  { neighbors: 5 },
);
const { accuracy } = await classifier.evaluate(rows(half), labels.slice(half));
console.log(`classified by nearest neighbors: ${Math.round(100 * accuracy)} % right`);
