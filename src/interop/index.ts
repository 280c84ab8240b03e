export { type ExportONNXOptions, exportONNX } from './onnx/export-onnx.js';
export { toPlainLayersModel } from './plain-layers-model.js';
export {
  type NamedTensors,
  readSafetensors,
  type SafetensorsFile,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from './safetensors/safetensors.js';
export type {
  SafetensorsType,
  StateData,
  StateTensor,
  StateTensorInput,
} from './safetensors/tensor-types.js';
export {
  type LoadedStateDict,
  type LoadStateDictOptions,
  loadStateDict,
  type StateDictOptions,
  stateDict,
} from './state-dict.js';
export type { StateDictFormat } from './state-dict-names.js';
