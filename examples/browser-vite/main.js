import 'simclr-ts/wasm';
import { browser, cast, div, setBackend, stack, tidy } from '@tensorflow/tfjs-core';
import { nearestNeighbors, resnet18, SimCLR, simclrAugmentation } from 'simclr-ts';
import { drawPictures } from './draw-pictures.js';

const element = (id) => document.getElementById(id);

await setBackend('wasm');

const drawn = drawPictures(96);
element('pictures').append(...drawn.slice(0, 12).map(({ canvas }) => canvas));
const pictures = tidy(() => {
  const pixels = drawn.map(({ canvas }) => browser.fromPixels(canvas));
  return div(cast(stack(pixels), 'float32'), 255);
});

const epochs = 6;
const batchSize = 24;
const uniform = Math.log(2 * batchSize - 1); // the loss of embeddings that tell nothing apart
const losses = [];
const drawLoss = {
  onStepEnd({ step, loss }) {
    losses.push(loss);
    const total = (epochs * drawn.length) / batchSize;
    const points = losses.map((value, i) => [(100 * i) / (total - 1), 100 - (80 * value) / uniform]);
    element('loss').setAttribute('points', points.join(' '));
    element('state').textContent = `Step ${step + 1} of ${total}, loss ${loss.toFixed(3)}`;
  },
};

const simclr = new SimCLR({
  encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8 }),
  augmentation: simclrAugmentation({ size: 32, strength: 0.5, blur: false }),
});
const history = await simclr.fit(pictures, { epochs, batchSize, callbacks: [drawLoss] });

const h = await simclr.embed(pictures);
const { indices } = await nearestNeighbors(h, h, 2); // the nearest of each is itself
const neighbors = drawn.map((_, i) => drawn[indices[2 * i + 1]]);
const copy = ({ canvas }) => {
  const clone = canvas.cloneNode();
  clone.getContext('2d').drawImage(canvas, 0, 0);
  return clone;
};
for (let i = 0; i < 12; i++) {
  const pair = document.createElement('figure');
  pair.append(copy(drawn[i]), copy(neighbors[i]));
  element('neighbors').append(pair);
}
const right = drawn.filter(({ label }, i) => neighbors[i].label === label).length;
const [first, last] = [history.epochs[0], history.epochs.at(-1)].map(({ loss }) => loss.toFixed(3));
element('state').textContent =
  `Done: loss ${first} to ${last}; learning nothing: ${uniform.toFixed(3)}. ` +
  `Nearest other picture shows the same: ${Math.round((100 * right) / drawn.length)} %`;
