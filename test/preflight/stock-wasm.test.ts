// The wasm backend as it comes, in a process that has not loaded simclr-ts/wasm.
import '@tensorflow/tfjs-backend-wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import { checkBackend } from 'simclr-ts/training';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rejection, tinyPictures, tinySimCLR } from '../training/tiny.js';

beforeAll(async () => {
  await setBackend('wasm');
});
afterAll(async () => {
  await setBackend('cpu');
});

it('stock wasm lacks the gradient for filters, and the entry that adds it is named', async () => {
  const simclr = tinySimCLR();
  const { ok, missingKernels, wrongValues, message } = await checkBackend(simclr);
  expect({ ok, missingKernels }).toEqual({ ok: false, missingKernels: ['Conv2DBackpropFilter'] });
  // Its max-pool's gradient takes a wrong place where all inputs are negative.
  expect(wrongValues.map(({ operation }) => operation)).toEqual(['the gradient of maxPool for x']);
  expect(message).toBe(
    "The active backend 'wasm' lacks the kernel Conv2DBackpropFilter, which these models need: import 'simclr-ts/wasm', which adds the training kernels; the active backend 'wasm' computes wrongly: the gradient of maxPool for x gives -2 where 0 is right: import 'simclr-ts/wasm', which replaces it.",
  );
  const error = await rejection(simclr.fit(tinyPictures(8), { batchSize: 4 }));
  expect(error.message).toContain("import 'simclr-ts/wasm'");
  simclr.dispose();
});
