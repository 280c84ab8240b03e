import { type KernelName, kernelNames } from './kernel-shapes.js';
import type { RuntimeName, Side } from './side.js';
import { type EmbedWork, type StepWork, stems, type TrainWork, type Work } from './work.js';

/** One row of the table: our side, the baseline, and what to compare. */
export interface Row {
  name: string;
  /**
   * Speeds of both sides; the share that our time is of the baseline's; our time over the baseline's for equally many
   * pictures; or our peak memory over what the baseline would need for equally many pictures.
   */
  figure: 'speed' | 'share' | 'overhead' | 'memory';
  ours: Side;
  baseline: Side;
}

/** Settings of all rows. */
export interface RowOptions {
  /** Pictures per step; each has two views. */
  batch: number;
  /** Pictures per step of the stock backend, which takes seconds per picture. */
  stockBatch: number;
  /** Threads of both sides. */
  threads: number;
  /** Cores of this machine: there is a row for two threads, and one for as many threads as cores. */
  cores: number;
}

const train = (batch: number, microBatch: number | null, size: 32 | 96, width: number): TrainWork => ({
  kind: 'train',
  batch,
  microBatch,
  size,
  width,
  stem: stems[size === 96 ? 7 : 3],
});

/** Kernels that jax-js has too. Its convolutions take a second per picture. */
const againstJax = {
  gemm: { kernel: 'matmul-transposed', images: 512 },
  conv: { kernel: 'conv-3x3', images: 1 },
  'conv-input-gradient': { kernel: 'conv-3x3-input-gradient', images: 1 },
  'conv-filter-gradient': { kernel: 'conv-3x3-filter-gradient', images: 1 },
} as const satisfies Record<string, { kernel: KernelName; images: number }>;

/** Pictures per large step, and per micro-batch of it. */
const [largeBatch, microBatch] = [4096, 32];

/** All rows in the order of the table. */
export function buildRows({ batch, stockBatch, threads, cores }: RowOptions): Row[] {
  const step = (size: 96 | 32, pictures = batch): StepWork => ({
    kind: 'step',
    batch: pictures,
    size,
    stem: size === 96 ? stems[7] : stems[3],
  });
  const embed: EmbedWork = { kind: 'embed', images: 2 * batch, size: 96, stem: stems[7] };
  const against = (name: string, runtime: RuntimeName, work: Work, count = threads): Row => ({
    name,
    figure: 'speed',
    ours: { runtime: 'ours', threads: count, work },
    baseline: { runtime, threads: count, work },
  });
  const ours = (count: number, work: Work): Side => ({ runtime: 'ours', threads: count, work });
  return [
    {
      ...against('step-96-wasm-vs-stock', 'stock', step(96)),
      baseline: { runtime: 'stock', threads: 1, work: step(96, stockBatch) },
    },
    against('step-96-wasm-vs-pytorch', 'pytorch', step(96)),
    against('step-96-wasm-vs-pytorch-new', 'pytorch-new', step(96)),
    against('step-96-wasm-vs-tfjs-node', 'tfjs-node', step(96)),
    against('step-32-wasm-vs-pytorch', 'pytorch', step(32)),
    against('step-96-wasm-vs-pytorch-1-thread', 'pytorch', step(96), 1),
    against('mobilenet-96-vs-pytorch', 'pytorch', { kind: 'step', batch, size: 96 }),
    ...[...new Set([2, Math.max(2, cores)])].map(
      (count): Row => ({
        name: `threads-${count}-vs-1`,
        figure: 'speed',
        ours: ours(count, step(96)),
        baseline: ours(1, step(96)),
      }),
    ),
    against('embed-96-wasm-vs-pytorch', 'pytorch', embed),
    {
      name: 'augment-share',
      figure: 'share',
      ours: ours(threads, { kind: 'augment', batch, size: 96 }),
      baseline: ours(threads, step(96)),
    },
    {
      name: 'gradcache-4096-memory',
      figure: 'memory',
      // Narrow, because only memory counts: it takes a minute instead of ten.
      ours: ours(threads, train(largeBatch, microBatch, 32, 16)),
      baseline: ours(threads, train(8 * microBatch, null, 32, 16)),
    },
    {
      name: 'gradcache-overhead',
      figure: 'overhead',
      ours: ours(threads, train(4 * microBatch, 2 * microBatch, 96, 64)),
      baseline: ours(threads, train(4 * microBatch, null, 96, 64)),
    },
    ...kernelNames.map((kernel): Row => {
      const work: Work = { kind: 'kernel', kernel, images: 2 * batch };
      return {
        ...against(`kernel-${kernel}`, 'stock', work),
        baseline: { runtime: 'stock', threads: 1, work },
      };
    }),
    against('gemm-gflops', 'stock', { kind: 'kernel', kernel: 'matmul-transposed', images: 512 }, 1),
    ...Object.entries(againstJax).map(([name, { kernel, images }]) =>
      against(`${name}-vs-jax-js`, 'jax-js', { kind: 'kernel', kernel, images }, 1),
    ),
    {
      // Twice the pictures on two ranks, each with one thread, against one process with one thread.
      name: 'mpi-2-vs-1',
      figure: 'speed',
      ours: { runtime: 'ranks-2', threads: 1, work: step(96, 2 * batch) },
      baseline: { runtime: 'ranks-1', threads: 1, work: step(96) },
    },
  ];
}

/**
 * The rows of these names.
 *
 * @param only - Names separated by commas; one that ends in `*` matches a prefix.
 * @throws Error when there is none of such a name.
 */
export function selectRows(rows: readonly Row[], only: string): Row[] {
  const patterns = only.split(',').map((name) => name.trim());
  const matches = (name: string, pattern: string) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
  for (const pattern of patterns) {
    if (!rows.some(({ name }) => matches(name, pattern))) {
      throw new Error(
        `bench: --only takes names of rows, which --list prints. Received: ${JSON.stringify(pattern)}.`,
      );
    }
  }
  return rows.filter(({ name }) => patterns.some((pattern) => matches(name, pattern)));
}
