/**
 * Where a training step's time goes, kernel by kernel: `npm run lane -- profile --help`.
 *
 * One step at a time under tfjs's profiler, after warm-up; of each kernel the median over the rounds.
 */
import { writeFile } from 'node:fs/promises';
import { profile, scalar, setBackend } from '@tensorflow/tfjs-core';
import { Command, InvalidArgumentError } from 'commander';
import { setThreadCount, wasmKernels, wasmMemory } from 'simclr-ts/wasm';
import { coreLimit } from './core-limit.js';
import { multiplications } from './multiplications.js';
import { median } from './statistics.js';
import { stems } from './work.js';
import { prepareStep } from './workers/training-step.js';

const whole = (text: string) => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('an integer from 1');
  return Number(text);
};

const { batch, size, threads, rounds, json } = new Command('npm run lane -- profile')
  .option('--batch <pictures>', 'pictures per step', whole, 32)
  .option('--size <pixels>', 'height and width: 96 with the 7x7 stem, 32 with the 3x3 one', whole, 96)
  .option('--threads <count>', 'threads of the kernels', whole, 2)
  .option('--rounds <count>', 'measured steps', whole, 5)
  .option('--json <file>', 'also write the table there')
  .parse()
  .opts<{ batch: number; size: number; threads: number; rounds: number; json?: string }>();

setThreadCount(threads);
await setBackend('wasm');
const limit = (await coreLimit()) * threads;
const step = prepareStep({ batch, size, stem: size >= 64 ? stems[7] : stems[3] });

interface Entry {
  calls: number;
  flops: number;
  milliseconds: number[];
}

const entries = new Map<string, Entry>();
const totals: number[] = [];
for (let round = -2; round < rounds; round++) {
  const began = performance.now();
  step();
  if (round >= 0) totals.push(performance.now() - began);
  const { kernels } = await profile(() => {
    step();
    return scalar(0);
  });
  if (round < 0) continue;
  const sums = new Map<string, { calls: number; flops: number; milliseconds: number }>();
  for (const { name, inputShapes, outputShapes, kernelTimeMs } of kernels) {
    const sum = sums.get(name) ?? { calls: 0, flops: 0, milliseconds: 0 };
    sum.calls++;
    sum.flops += 2 * multiplications(name, inputShapes as number[][], outputShapes as number[][]);
    sum.milliseconds += Number(await kernelTimeMs);
    sums.set(name, sum);
  }
  for (const [name, { calls, flops, milliseconds }] of sums) {
    const entry = entries.get(name) ?? { calls, flops, milliseconds: [] };
    entry.milliseconds.push(milliseconds);
    entries.set(name, entry);
  }
}

const total = median(totals);
const rows = [...entries]
  .map(([name, { calls, flops, milliseconds }]) => {
    const time = median(milliseconds);
    const speed = flops > 0 ? flops / (time * 1e6) : undefined;
    return {
      kernel: name,
      calls,
      milliseconds: Number(time.toFixed(2)),
      share: Number((time / total).toFixed(4)),
      ...(speed === undefined
        ? {}
        : { gflops: Number(speed.toFixed(1)), shareOfLimit: Number((speed / limit).toFixed(3)) }),
    };
  })
  .sort((a, b) => b.milliseconds - a.milliseconds);

console.log(
  `A step of ${batch} pairs of ${size}x${size} on ${threads} threads: ${total.toFixed(0)} ms, ` +
    `${((1000 * batch) / total).toFixed(1)} pairs/s; memory ${(wasmMemory().heapBytes / 2 ** 20).toFixed(0)} MB. ` +
    `Limit of the cores: ${limit.toFixed(0)} GFLOP/s.\n`,
);
console.log('| kernel | calls | ms | of the step | GFLOP/s | of the limit |');
console.log('|---|---|---|---|---|---|');
for (const { kernel, calls, milliseconds, share, gflops, shareOfLimit } of rows) {
  if (share < 0.002) continue;
  const percent = (value: number | undefined) => (value === undefined ? '' : `${(100 * value).toFixed(1)} %`);
  console.log(
    `| ${kernel} | ${calls} | ${milliseconds.toFixed(1)} | ${percent(share)} | ${gflops ?? ''} | ${percent(shareOfLimit)} |`,
  );
}
if (json !== undefined) {
  await writeFile(
    json,
    `${JSON.stringify({ batch, size, threads, limit, width: wasmKernels().width, milliseconds: total, heapBytes: wasmMemory().heapBytes, rows }, null, 2)}\n`,
  );
}
