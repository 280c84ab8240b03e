import 'simclr-ts/wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import { resnet18, SimCLR, samplePictures, simclrAugmentation } from 'simclr-ts';
import { wasmKernels } from 'simclr-ts/wasm';

/** One step of training: its loss, and the threads that computed it. */
export async function train() {
  await setBackend('wasm');
  const simclr = new SimCLR({
    encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8 }),
    augmentation: simclrAugmentation({ size: 32 }),
  });
  const { loss } = await simclr.trainStep(samplePictures(16).images);
  simclr.dispose();
  return { loss, threads: wasmKernels().threads };
}
