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
} from './errors.js';
