/** Run by the tests in a thread of its own. `workerData` says what goes wrong. */
import { workerData } from 'node:worker_threads';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import 'simclr-ts/wasm';
import { setThreadCount } from 'simclr-ts/wasm';
import { serveTrainer } from 'simclr-ts/worker';

await new Promise((resolve) => setTimeout(resolve, 50)); // messages that come before nobody hears
if (workerData === 'throws at once') throw new Error('no such file');
if (workerData === 'ends at once') process.exit(3);
serveTrainer({
  backend({ threads }) {
    if (workerData === 'hangs with threads' && threads !== 1) while (true); // as threads that wait for each other
    setThreadCount(threads ?? 2);
    return setBackend('wasm');
  },
  methods: {
    tensors: () => memory().numTensors,
    exit: () => process.exit(3),
    throwLater: () => {
      setTimeout(() => {
        throw new Error('thrown later');
      });
      return new Promise(() => {});
    },
  },
});
