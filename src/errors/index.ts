export {
  BackendError,
  BackendLostError,
  CheckpointError,
  DataError,
  DistributedError,
  InvalidOptionError,
  NonFiniteLossError,
  ShapeError,
  SimCLRError,
  ValueRangeError,
  WorkerError,
} from './errors.js';
