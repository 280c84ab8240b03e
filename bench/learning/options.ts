import { Command } from 'commander';
import { integer, numberFrom } from '../../src/cli/options.js';

/** What {@link readLearningOptions} reads. */
export interface LearningOptions {
  /** Folder that holds CIFAR-10, as `loadCIFAR10` keeps it. */
  data?: string;
  /** Minutes of training; 0 trains nothing. */
  minutes: number;
  /** Labeled pictures that neighbors are looked for in, and that read-outs are fitted to without labels. */
  references: number;
  /** Pictures that are classified. */
  tests: number;
  /** Dimensions of read-outs; the library's default if left out. */
  dim?: number;
  /** Networks per kind, with seeds 1, 2, ... */
  seeds: number;
  /** Part of the name of the networks to measure. */
  only?: string;
  /** File for the results. */
  json?: string;
}

/** The flags of `bench/learning/run.ts`. */
export function readLearningOptions(argv: readonly string[]): LearningOptions {
  return new Command('learning')
    .description('What can be had from pictures in a few minutes, by nearest neighbors on CIFAR-10.')
    .option('--data <folder>', 'CIFAR-10, as loadCIFAR10 keeps it (default: the cache, or a download)')
    .option('--minutes <count>', 'train so long from k-means filters that are held fixed', numberFrom(0), 0)
    .option('--references <count>', 'pictures to find neighbors in, and to fit to', integer(1), 10_000)
    .option('--tests <count>', 'pictures to classify', integer(1), 10_000)
    .option('--dim <count>', "dimensions of read-outs (default: the library's)", integer(1))
    .option('--seeds <count>', 'networks of each kind', integer(1), 1)
    .option('--only <text>', "networks to measure: 'pixels', 'random', 'k-means', or 'trained'")
    .option('--json <file>', 'write the results there')
    .parse([...argv], { from: 'user' })
    .opts<LearningOptions>();
}
