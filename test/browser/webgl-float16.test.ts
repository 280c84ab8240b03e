import { expect, it } from 'vitest';
import { rejection, tinyPictures, tinySimCLR } from '../training/tiny.js';

it('16-bit textures are refused, with the reason', async () => {
  const simclr = tinySimCLR();
  const error = await rejection(simclr.fit(tinyPictures(4), { batchSize: 2 }));
  expect(error.name).toBe('BackendError');
  expect(error.message).toContain("'webgl' computes with 16-bit floats (float16 textures)");
  simclr.dispose();
});
