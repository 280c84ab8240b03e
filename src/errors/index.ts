export {
  BackendError,
  CheckpointError,
  DataError,
  InvalidOptionError,
  NonFiniteLossError,
  ShapeError,
  SimCLRError,
  ValueRangeError,
} from './errors.js';
