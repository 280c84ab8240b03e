export { checkRanksAgree } from './check-ranks.js';
export type {
  Communicator,
  NumberArray,
  Reduction,
  SendableArray,
  SynchronousCollectives,
} from './communicators/communicator.js';
export { singleProcess } from './communicators/single-process.js';
export { type WorkerCommunicatorOptions, workerCommunicator } from './communicators/worker-communicator.js';
export {
  abortGroup,
  type WorkerGroup,
  type WorkerGroupOptions,
  workerGroup,
} from './communicators/worker-group.js';
export {
  type DataParallel,
  type DataParallelFitOptions,
  type DataParallelOptions,
  dataParallel,
} from './data-parallel.js';
export { gatherProjections } from './gather-projections.js';
export { type NTXentOfAllOptions, ntXentOfAll } from './nt-xent-of-all.js';
export { shard } from './shard.js';
export { type SumGradientsOptions, sumGradients } from './sum-gradients.js';
