import type { Work } from './work.js';

/** Where work can run. */
export type RuntimeName =
  | 'ours'
  | 'ranks-1'
  | 'ranks-2'
  | 'stock'
  | 'tfjs-node'
  | 'pytorch'
  | 'pytorch-new'
  | 'jax-js';

/** Some work in some runtime. */
export interface Side {
  runtime: RuntimeName;
  threads: number;
  work: Work;
}
