/** TensorFlow.js on native TensorFlow. `SIMCLR_TFJS_NODE` says where the package is. */
import { createRequire } from 'node:module';
import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import { countThreads, serve } from '../workers/serve.js';
import { prepareStep } from './plain-tfjs.js';

interface Binding {
  binding?: { TF_Version?: string };
}

await serve(async (work, threads) => {
  if (work.kind !== 'step') throw new Error(`There is no baseline for ${work.kind} in tfjs-node.`);
  const require = createRequire(import.meta.url);
  // Node 23 dropped a function that tfjs-node calls.
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const tf = require(process.env.SIMCLR_TFJS_NODE ?? '@tensorflow/tfjs-node') as typeof Core & typeof Layers;
  await tf.ready();
  const version = (tf.backend() as Binding).binding?.TF_Version ?? 'unknown version';
  return {
    label: `tfjs-node (TensorFlow ${version}), ${countThreads(threads)}`,
    run: prepareStep(tf, tf, work),
  };
});
