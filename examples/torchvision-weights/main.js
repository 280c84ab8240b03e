import 'simclr-ts/wasm';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { setBackend } from '@tensorflow/tfjs-core';
import {
  AdamW,
  imagenetMean,
  imagenetStd,
  resnet18,
  SimCLR,
  samplePictures,
  simclrAugmentation,
} from 'simclr-ts';
import { loadStateDict, readSafetensors, stateDict, writeSafetensors } from 'simclr-ts/interop';

const file = 'weights.safetensors';
if (!existsSync(file)) {
  console.error(`There is no ${file} here. \`python3 write_weights.py\` writes it; that needs torch and torchvision:
apt-get install python3-torch python3-torchvision (Debian), or pip install torch torchvision.`);
  process.exit(1);
}
await setBackend('wasm');

const encoder = resnet18({ inputShape: [64, 64, 3] }); // depth, width and stem of torchvision's
const { ignored } = loadStateDict(encoder, readSafetensors(await readFile(file)).tensors);
console.log(`took the weights but ${ignored.join(', ')}`);

const simclr = new SimCLR({
  encoder,
  normalization: { mean: imagenetMean, std: imagenetStd }, // what torchvision's weights expect
  augmentation: simclrAugmentation({ size: 64, strength: 0.5 }),
  optimizer: new AdamW({ learningRate: 1e-3 }),
});

// The same numbers as in Python, before anything is trained.
const reference = readSafetensors(await readFile('reference.safetensors')).tensors;
const { data, shape } = reference.get('pictures');
const pictures = { data, shape };
const expected = reference.get('h').data;
const h = await simclr.embed(pictures);
const actual = await h.data();
const difference = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
console.log(
  `h differs from torchvision's by at most ${difference.toExponential(1)}, the largest is ${largest.toFixed(2)}`,
);
h.dispose();

// Go on from there. With more pictures and hundreds of epochs this would be of use.
const { epochs } = await simclr.fit(samplePictures(48).images, { epochs: 6, batchSize: 16 });
const uniform = Math.log(2 * 16 - 1); // the loss of embeddings that tell nothing apart
console.log(
  `loss ${epochs[0].loss.toFixed(3)} to ${epochs.at(-1).loss.toFixed(3)}; learning nothing: ${uniform.toFixed(3)}`,
);

// And back: load_state_dict(load_file('continued.safetensors'), strict=False) in PyTorch; the classifier is not in it.
await writeFile(
  'continued.safetensors',
  writeSafetensors(await stateDict(encoder, { format: 'torchvision' })),
);
console.log('wrote continued.safetensors');
