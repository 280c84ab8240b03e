/**
 * A model of how long a training step takes on more threads than this machine has: `npm run lane -- threads-model --help`.
 *
 * The tasks of every kernel are timed on one thread, and handed to as many threads as the model is for, in the order in
 * which the pool hands them out. What runs outside the pool stays as it is. The model leaves out what threads share:
 * memory, caches, and the clock of the processor.
 */
import { setBackend } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { setThreadCount, wasmKernels } from 'simclr-ts/wasm';
import { integer } from '../../src/cli/options.js';
import { stems } from '../work.js';
import { prepareStep } from '../workers/training-step.js';
import { type RecordedStep, recordTasks } from './record-tasks.js';
import { makespan } from './schedule.js';

const { batch, size, rounds, kernels } = new Command('npm run lane -- threads-model')
  .option('--batch <pictures>', 'pictures per step', integer(2), 32)
  .option('--size <pixels>', 'height and width: 96 with the 7x7 stem, 32 with the 3x3 one', integer(8), 96)
  .option('--rounds <n>', 'measured steps', integer(1), 5)
  .option('--kernels', 'also prints each kernel', false)
  .parse()
  .opts<{ batch: number; size: number; rounds: number; kernels: boolean }>();

const counts = [1, 2, 4, 8, 16];

setThreadCount(1);
await setBackend('wasm');
const step = prepareStep({ batch, size, stem: size >= 64 ? stems[7] : stems[3] });
step();
const recorded = new Map<number, RecordedStep>(
  counts.map((threads) => [threads, recordTasks(step, threads, rounds)]),
);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
const print = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
const header = (cells: readonly string[]) => {
  print(cells);
  print(cells.map((_, column) => (column === 0 ? '---' : '---:')));
};

console.log(
  `A model of a step of ${batch} pairs of ${size}x${size}, ${wasmKernels().width} kernels, Node ${process.versions.node}:\n`,
);
header(['threads', 'ms', 'pairs/s', 'times one thread', 'efficiency', 'outside the pool', 'idle threads']);
// It does not depend on the threads, so that what differs is other work of the machine.
const serial = Math.min(...[...recorded.values()].map((step) => step.serial));
const times = counts.map((threads) => {
  const { dispatches } = recorded.get(threads)!;
  const work = sum(dispatches.map((dispatch) => sum(dispatch.times)));
  const spans = sum(dispatches.map((dispatch) => makespan(dispatch.times, threads)));
  return { threads, work, spans, total: serial + spans };
});
for (const { threads, work, spans, total } of times) {
  const speedup = times[0]!.total / total;
  print([
    threads,
    total.toFixed(0),
    ((1000 * batch) / total).toFixed(1),
    speedup.toFixed(2),
    percent(speedup / threads),
    percent(serial / total),
    percent((spans - work / threads) / total),
  ]);
}

if (kernels) {
  console.log('');
  header([
    'kernel',
    'calls',
    'ms on one thread',
    ...counts.slice(3).flatMap((n) => [`fewest tasks for ${n}`, `idle ms of ${n}`]),
  ]);
  const kindsOf = (threads: number) => {
    const groups = new Map<string, RecordedStep['dispatches']>();
    for (const dispatch of recorded.get(threads)!.dispatches) {
      groups.set(dispatch.kind, [...(groups.get(dispatch.kind) ?? []), dispatch]);
    }
    return groups;
  };
  const single = [...kindsOf(1)].sort(([, a], [, b]) => timeOf(b) - timeOf(a));
  for (const [kind, dispatches] of single) {
    print([
      kind,
      dispatches.length,
      timeOf(dispatches).toFixed(1),
      ...counts.slice(3).flatMap((threads) => {
        const divided = kindsOf(threads).get(kind) ?? [];
        const idle = sum(divided.map(({ times }) => makespan(times, threads) - sum(times) / threads));
        const substantial = divided.filter(({ times }) => sum(times) > 0.1);
        return [Math.min(...substantial.map(({ times }) => times.length)), idle.toFixed(2)];
      }),
    ]);
  }
}

function timeOf(dispatches: RecordedStep['dispatches']): number {
  return sum(dispatches.map((dispatch) => sum(dispatch.times)));
}
