/**
 * Run by threads.test.ts in a process of its own: threads-program.ts COUNT [kill | absent | refused], or
 * "default" for what is chosen without a count. Prints, as JSON, the threads in use, why some are missing, what the choice of a backend says of it, and a hash of
 * the bits of some results. With `kill` it ends a thread first and prints the error that follows; with `absent` threads
 * end as soon as they start, with `refused` the system starts none.
 */
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import {
  conv2d,
  depthwiseConv2d,
  grads,
  matMul,
  ready,
  setBackend,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';

import '@tensorflow/tfjs-layers';
import { useBestBackend } from '../../src/node/index.js';
import { foldedConvolution } from '../../src/tensors/index.js';
import { kernelModule } from '../../src/wasm/module/kernel-module.js';
import { hashedTensor } from '../helpers/hashed-tensor.js';
import { prepareWasm } from '../helpers/wasm.js';

const [count = '1', trouble] = process.argv.slice(2);
if (trouble === 'absent' || trouble === 'refused') {
  const getBuiltinModule = process.getBuiltinModule.bind(process) as (name: string) => unknown;
  class Failing extends Worker {
    constructor(_: string, options: WorkerOptions) {
      if (trouble === 'refused') throw new Error('no more threads');
      super('process.exit(3)', options);
    }
  }
  const threads = { Worker: Failing };
  process.getBuiltinModule = ((name: string) =>
    name === 'node:worker_threads' ? threads : getBuiltinModule(name)) as typeof process.getBuiltinModule;
}
await prepareWasm(count === 'default' ? {} : { threads: Number(count) });
await setBackend('wasm');
await ready();

const [x, w, d, bias, residual, a, b] = [
  hashedTensor('x', [8, 13, 11, 24]),
  hashedTensor('w', [3, 3, 24, 40]),
  hashedTensor('d', [3, 3, 24, 2]),
  hashedTensor('bias', [40]),
  hashedTensor('residual', [8, 13, 11, 40]),
  hashedTensor('a', [300, 70]),
  hashedTensor('b', [50, 70]),
];
const results = () => {
  const convolution = (image: Tensor, filter: Tensor) =>
    conv2d(image as Tensor4D, filter as Tensor4D, 2, 'same');
  const folded = foldedConvolution(x as Tensor4D, w as Tensor4D, {
    strides: 1,
    pad: 'same',
    bias: bias as Tensor1D,
    residual: residual as Tensor4D,
    activation: 'relu',
  });
  const depthwise = (image: Tensor, filter: Tensor) =>
    depthwiseConv2d(image as Tensor4D, filter as Tensor4D, 1, 'same');
  return [convolution, depthwise]
    .flatMap((operation, i) => {
      const inputs = [x!, [w!, d!][i]!] as const;
      return [operation(...inputs), ...grads(operation)([...inputs])];
    })
    .concat(matMul(a!, b!, false, true), folded);
};

try {
  const hash = createHash('sha256');
  for (let round = 0; round < 50; round++) {
    for (const result of results()) {
      hash.update(Buffer.from((await result.data()).slice().buffer));
      result.dispose();
    }
  }
  const missing = await kernelModule().threadsStarted();
  const { threads } = kernelModule();
  if (trouble === 'kill') {
    (kernelModule() as unknown as { pool: { terminators: (() => void)[] } }).pool.terminators[0]!();
    await setTimeout(200); // the news of its end comes through the event loop
    results();
  }
  const { reasons } = await useBestBackend({ prefer: 'wasm' });
  const reason = reasons.find(({ taken }) => taken)?.reason;
  console.log(JSON.stringify({ threads, missing, reason, hash: hash.digest('hex') }));
} catch (error) {
  console.log(JSON.stringify({ error: String(error) }));
}
