import 'simclr-ts/wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import { initializers, layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { AdamW, nearestNeighbors, SimCLR, samplePictures, simclrAugmentation } from 'simclr-ts';
import { directory } from 'simclr-ts/node';

await setBackend('wasm');
const { images, labels } = samplePictures(192);

/** A network of your own: any model of tfjs-layers from pictures to one vector each. */
let seed = 0;
const convolution = (filters, options = {}) => [
  layers.conv2d({
    filters,
    kernelSize: 3,
    strides: 2,
    padding: 'same',
    useBias: false,
    kernelInitializer: initializers.heNormal({ seed: ++seed }),
    ...options,
  }),
  layers.batchNormalization({}),
  layers.reLU(),
];
const encoder = sequential({
  layers: [
    ...convolution(16, { inputShape: [32, 32, 3] }),
    ...convolution(32),
    ...convolution(64),
    layers.globalAveragePooling2d({}),
  ],
});

const simclr = new SimCLR({
  encoder,
  projectionHead: { hidden: [64], outputDim: 32 },
  optimizer: new AdamW({ learningRate: 2e-3 }),
  augmentation: simclrAugmentation({ size: 32, strength: 0.5, blur: false }),
});
const { epochs } = await simclr.fit(images, { epochs: 12, batchSize: 32 });
const uniform = Math.log(2 * 32 - 1); // the loss of embeddings that tell nothing apart
console.log(
  `loss ${epochs[0].loss.toFixed(3)} to ${epochs.at(-1).loss.toFixed(3)}; learning nothing: ${uniform.toFixed(3)}`,
);

// It stays an ordinary model of tfjs, which is saved and loaded without this library's layers.
await encoder.save(directory('out/encoder'));
const loaded = await loadLayersModel(directory('out/encoder'));
const again = new SimCLR({ encoder: loaded });
const h = await again.embed(images);
const { indices } = await nearestNeighbors(h, h, 2); // the nearest of each is itself
const right = labels.filter((label, i) => labels[indices[2 * i + 1]] === label).length;
console.log(`nearest other picture shows the same: ${Math.round((100 * right) / labels.length)} %`);
