import { nearestNeighbors, resnet18, SimCLR, samplePictures, simclrAugmentation } from 'simclr-ts';
import { describeBackendChoice, readImageFolder, releaseBackend, useBestBackend } from 'simclr-ts/node';

const choice = await useBestBackend({ prefer: 'wasm' }); // tfjs's wasm backend, made fit for training
console.log(describeBackendChoice(choice));

const folder = process.argv[2];
const { images, labels } = folder ? await readImageFolder(folder, { size: 32 }) : samplePictures(192);

const simclr = new SimCLR({
  encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8 }),
  augmentation: simclrAugmentation({ size: 32, strength: 0.5, blur: false }),
});
const batchSize = Math.min(32, images.shape[0]);
const { epochs } = await simclr.fit(images, { epochs: 6, batchSize });
const uniform = Math.log(2 * batchSize - 1); // the loss of embeddings that tell nothing apart
console.log(
  `loss ${epochs[0].loss.toFixed(3)} to ${epochs.at(-1).loss.toFixed(3)}; learning nothing: ${uniform.toFixed(3)}`,
);

const h = await simclr.embed(images);
const { indices } = await nearestNeighbors(h, h, 2); // the nearest of each is itself
const right = labels?.filter((label, i) => labels[indices[2 * i + 1]] === label).length;
if (labels)
  console.log(`nearest other picture shows the same: ${Math.round((100 * right) / labels.length)} %`);
await releaseBackend(); // a graphics device would keep the process alive
