import 'simclr-ts/wasm';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { ready, setBackend } from '@tensorflow/tfjs-core';
import { nearestNeighbors, resnet18, SimCLR, samplePictures, simclrAugmentation } from 'simclr-ts';

const batchSize = 32;
let stop = new AbortController();

async function train(epochs) {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plain,
    'tfjs-backend-wasm-simd.wasm': simd,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded,
  });
  await setBackend('wasm');
  await ready();
  const { images, labels } = samplePictures(192);
  const simclr = new SimCLR({
    encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8 }),
    augmentation: simclrAugmentation({ size: 32, strength: 0.5, blur: false }),
  });
  const tell = { onStepEnd: ({ step, loss }) => postMessage({ type: 'step', step, loss }) };
  stop = new AbortController();
  const history = await simclr.fit(images, { epochs, batchSize, callbacks: [tell], signal: stop.signal });
  const h = await simclr.embed(images);
  const { indices } = await nearestNeighbors(h, h, 2); // the nearest of each is itself
  const right = labels.filter((label, i) => labels[indices[2 * i + 1]] === label).length;
  h.dispose();
  simclr.dispose({ includeGiven: true });
  postMessage({
    type: 'done',
    outcome: history.outcome, // 'completed', or 'aborted' after Stop
    steps: history.steps.length,
    first: history.epochs[0].loss,
    last: history.epochs.at(-1).loss,
    uniform: Math.log(2 * batchSize - 1), // the loss of embeddings that tell nothing apart
    right: Math.round((100 * right) / labels.length),
  });
}

self.onmessage = async ({ data }) => {
  if (data.type === 'stop') return stop.abort(); // heard after the current step
  try {
    await train(data.epochs);
  } catch (error) {
    postMessage({ type: 'failed', message: error.message });
  }
};
