/**
 * Measures all-reduce on the ranks that mpirun started, and predicts larger jobs:
 *   mpirun -np 2 npx tsx bench/mpi-model.ts (--help lists the flags)
 */
import { Command } from 'commander';
import { mpiCommunicator } from 'simclr-ts/mpi';
import { integer, numberBetween } from '../src/cli/options.js';
import { type Figures, network, predict } from './scaling-model.js';

const communicator = await mpiCommunicator();
const { synchronous, rank, size } = communicator;
const { step, batch } = new Command('npx tsx bench/mpi-model.ts')
  .option('--step <seconds>', 'duration of a step on one rank', numberBetween(0), 1.8)
  .option('--batch <n>', 'pictures per step', integer(1), 32)
  .parse()
  .opts<{ step: number; batch: number }>();

function secondsOf(length: number, repetitions: number): number {
  const values = new Float32Array(length);
  const times = Array.from({ length: repetitions }, () => {
    const began = performance.now();
    synchronous!.allReduce(values);
    return (performance.now() - began) / 1000;
  });
  return Math.min(...times); // other load only adds
}

const latency = secondsOf(2, 200);
const large = secondsOf(network.parameters, 12);
const figures: Figures = { step, batch, latency, bandwidth: (network.parameters * 4) / large, speed: 20e9 };
if (rank === 0) {
  const row = (cells: (string | number)[]) =>
    console.log(cells.map((cell) => String(cell).padStart(11)).join(' '));
  console.log(
    `${size} ranks: ${(latency * 1e6).toFixed(1)} us for 8 bytes, ${(large * 1e3).toFixed(0)} ms for all gradients`,
  );
  console.log(
    `(${(figures.bandwidth / 1e6).toFixed(0)} MB/s); a step of ${batch} pictures taken to be ${step} s.`,
  );
  row(['ranks', 'compute ms', 'loss', 'all-gather', 'batch stats', 'all-reduce', 'efficiency']);
  for (const ranks of [2, 8, 64, 512, 4096]) {
    const { compute, loss, gather, statistics, gradients, efficiency } = predict(ranks, figures);
    const parts = [compute, loss, gather, statistics, gradients].map((part) => (part * 1000).toFixed(1));
    row([ranks, ...parts, `${(100 * efficiency).toFixed(1)} %`]);
  }
}
