/** The worker of trainer-in-worker.test.ts. */
import 'simclr-ts/wasm';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { setThreadCount, wasmKernels } from 'simclr-ts/wasm';
import { type BackendStart, serveTrainer } from 'simclr-ts/worker';

const options = {
  backend({ threads }: BackendStart) {
    setThreadCount(threads ?? 2);
    return setBackend('wasm');
  },
  methods: {
    threads: () => wasmKernels().threads,
    tensors: () => memory().numTensors,
    close: () => {
      close();
      return new Promise(() => {});
    },
  },
};
serveTrainer(options);
serveTrainer(options); // an engine may run a worker's file twice
