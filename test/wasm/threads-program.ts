/**
 * Run by threads.test.ts in a process of its own: threads-program.ts COUNT [kill], or
 * "default" for what is chosen without a count. Prints, as JSON, the threads in
 * use and a hash of the bits of some results; with `kill` it ends a thread first and prints the error that follows.
 */
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  conv2d,
  grads,
  matMul,
  ready,
  setBackend,
  type Tensor,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { kernelModule } from '../../src/wasm/kernel-module.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { prepareWasm } from '../helpers/wasm.js';

const [count = '1', kill] = process.argv.slice(2);
await prepareWasm(count === 'default' ? {} : { threads: Number(count) });
await setBackend('wasm');
await ready();

const make = (name: string, shape: number[]) =>
  tensor(
    hashedValues(
      name,
      shape.reduce((product, length) => product * length, 1),
    ),
    shape,
  );
const [x, w, a, b] = [
  make('x', [8, 13, 11, 24]),
  make('w', [3, 3, 24, 40]),
  make('a', [300, 70]),
  make('b', [50, 70]),
];
const results = () => {
  const convolution = (image: Tensor, filter: Tensor) =>
    conv2d(image as Tensor4D, filter as Tensor4D, 2, 'same');
  return [convolution(x!, w!), ...grads(convolution)([x!, w!]), matMul(a!, b!, false, true)];
};

try {
  const hash = createHash('sha256');
  for (let round = 0; round < 50; round++) {
    for (const result of results()) {
      hash.update(Buffer.from((await result.data()).slice().buffer));
      result.dispose();
    }
  }
  const { threads } = kernelModule();
  if (kill) {
    (kernelModule() as unknown as { pool: { stops: (() => void)[] } }).pool.stops[0]!();
    await setTimeout(200); // the news of its end comes through the event loop
    results();
  }
  console.log(JSON.stringify({ threads, hash: hash.digest('hex') }));
} catch (error) {
  console.log(JSON.stringify({ error: String(error) }));
}
