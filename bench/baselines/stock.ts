/** Stock TensorFlow.js on its wasm backend, with the one kernel that training lacks composed of its ops. */
import * as core from '@tensorflow/tfjs-core';
import * as tfjsLayers from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { prepareKernel } from '../workers/kernel-calls.js';
import { serve } from '../workers/serve.js';
import { registerComposedFilterGradient } from './composed-filter-gradient.js';
import { prepareStep } from './plain-tfjs.js';

await serve(async (work) => {
  registerComposedFilterGradient();
  if (!(await core.setBackend('wasm'))) throw new Error('The wasm backend does not start here.');
  await core.ready();
  const label = `stock tfjs wasm ${core.version_core}, 1 thread`;
  if (work.kind === 'step') return { label, run: prepareStep(core, tfjsLayers, work) };
  if (work.kind !== 'kernel') throw new Error(`There is no baseline for ${work.kind} in stock tfjs.`);
  const { layers } = tfjsLayers;
  const run = prepareKernel(work, {
    normalization: () => [layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }), layers.reLU()],
    optimizer: () => core.train.momentum(0.1, 0.9),
  });
  return { label, run };
});
