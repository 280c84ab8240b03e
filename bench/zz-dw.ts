import { randomNormal, setBackend, ready, engine, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { setThreadCount } from '../src/wasm/index.js';
setThreadCount(Number(process.argv[2] ?? 1)); await setBackend('wasm'); await ready();
import { kinds } from '../src/wasm/module/kernel-module.js';
const k = kinds as any; const pairs: [string, string][] = [['depthwiseConvolution', 'depthwiseConvolutionOld'], ['depthwiseFilterBlocks', 'depthwiseFilterBlocksOld']]; const nums = pairs.map(([a, b]) => [k[a], k[b] ?? k[a]]); const use = (v: number) => pairs.forEach(([a], i) => { k[a] = nums[i]![v]; }); const old: number[] = []; const oldSum = [0, 0, 0];
const run = (k: string, i: any, a: any) => engine().runKernel(k, i, a) as any;
const shapes: [number, number, number, number][] = [[48, 32, 1, 1], [48, 96, 2, 1], [24, 144, 1, 1], [24, 144, 2, 1], [12, 192, 1, 2], [12, 192, 2, 1], [6, 384, 1, 4], [6, 576, 1, 2], [6, 576, 2, 1], [3, 960, 1, 3]];
import { add, zeros } from '@tensorflow/tfjs-core';
const big = [0, 1].map(() => zeros([64, 48, 48, 96]));
const control = () => { let best = 1e9; for (let i = 0; i < 8; i++) { const t = performance.now(); tidy(() => void add(big[0]!, big[1]!)); best = Math.min(best, performance.now() - t); } return (3 * 64 * 48 * 48 * 96 * 4 / 1e6 / best).toFixed(1); };
console.log('add GB/s', control());
let sum = [0, 0, 0];
for (const [size, c, s, times] of shapes) {
  const x = randomNormal([64, size, size, c]) as Tensor4D, w = randomNormal([3, 3, c, 1]);
  const out = Math.ceil(size / s); const dy = randomNormal([64, out, out, c]);
  const att = { strides: [s, s], pad: s === 2 ? [[0, 0], [1, 0], [1, 0], [0, 0]] : 'same', dataFormat: 'NHWC', dilations: 1 };
  const calls = [() => run('DepthwiseConv2dNative', { x, filter: w }, att), () => run('DepthwiseConv2dNativeBackpropInput', { dy, filter: w }, { ...att, inputShape: x.shape }), () => run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...att, filterShape: w.shape })];
  const ms = calls.map((f) => { const best = [1e9, 1e9]; for (let i = 0; i < 24; i++) { use(i % 2); const t = performance.now(); tidy(() => void f()); best[i % 2] = Math.min(best[i % 2]!, performance.now() - t); } old.push(best[1]!); return best[0]!; });
  const mac = 64 * out * out * c * 9;
  const mb = 64 * c * 4 * (size * size + out * out) / 1e6;
  ms.forEach((m, i) => { sum[i]! += m * times; oldSum[i]! += old.at(i - 3)! * times; });
  console.log(`${size}x${size}x${c}/${s}`.padEnd(14), ms.map((m, i) => `(was ${old.at(i - 3)!.toFixed(2)}) ${m.toFixed(2)}ms ${(2 * mac / m / 1e6).toFixed(1)}GF ${(mb / m).toFixed(1)}GB/s`).join(' | '));
  x.dispose(); w.dispose(); dy.dispose();
}
console.log('add GB/s', control());console.log('total', sum.map((v) => v.toFixed(1)).join(' '), 'was', oldSum.map((v) => v.toFixed(1)).join(' '));
process.exit(0);
