import 'simclr-ts/wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import { nearestNeighbors } from 'simclr-ts';
import { setThreadCount } from 'simclr-ts/wasm';
import { serveTrainer } from 'simclr-ts/worker';

serveTrainer({
  backend({ threads }) {
    if (threads !== undefined) setThreadCount(threads); // after a start that took too long
    return setBackend('wasm');
  },
  methods: {
    /** The nearest other picture of each. */
    async nearest(simclr, images) {
      const h = await simclr.embed(images);
      const { indices } = await nearestNeighbors(h, h, 2); // the nearest of each is itself
      h.dispose();
      return indices.filter((_, i) => i % 2 === 1);
    },
  },
});
