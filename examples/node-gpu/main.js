import { nearestNeighbors, resnet18, SimCLR, simclrAugmentation } from 'simclr-ts';
import { describeBackendChoice, releaseBackend, useBestBackend } from 'simclr-ts/node';
import { drawPictures } from './draw-pictures.js';

/** TensorFlow on a CUDA GPU, else TensorFlow on the processor, else the fastest that is installed. */
async function chooseBackend() {
  for (const prefer of ['tfjs-node-gpu', 'tfjs-node']) {
    try {
      return await useBestBackend({ prefer }); // puts back what Node 23 took from tfjs-node
    } catch (error) {
      console.log(error.message);
    }
  }
  return useBestBackend();
}
console.log(describeBackendChoice(await chooseBackend()));

const { images, labels } = drawPictures(192);
const simclr = new SimCLR({
  encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8 }),
  augmentation: simclrAugmentation({ size: 32, strength: 0.5, blur: false }),
});
const { epochs } = await simclr.fit(images, { epochs: 6, batchSize: 32 });
const uniform = Math.log(2 * 32 - 1); // the loss of embeddings that tell nothing apart
console.log(
  `loss ${epochs[0].loss.toFixed(3)} to ${epochs.at(-1).loss.toFixed(3)}; learning nothing: ${uniform.toFixed(3)}`,
);

const h = await simclr.embed(images);
const { indices } = await nearestNeighbors(h, h, 2); // the nearest of each is itself
const right = labels.filter((label, i) => labels[indices[2 * i + 1]] === label).length;
console.log(`nearest other picture shows the same: ${Math.round((100 * right) / labels.length)} %`);
await releaseBackend(); // a graphics device would keep the process alive
