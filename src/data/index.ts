export type { FileBytes } from './bytes.js';
export { type CIFAR100Images, cifar10ClassNames, parseCIFAR10, parseCIFAR100 } from './cifar.js';
export { type IDXArray, type IDXImagesOptions, parseIDX, parseIDXGzip, parseIDXImages } from './idx.js';
export { type ImageArray, imagesToTensor } from './image-array.js';
export { epochOrder, type ImageBatchesOptions, imageBatches, type TensorBatch } from './image-batches.js';
export {
  batchesPerEpoch,
  datasetSize,
  type EpochPass,
  type ImageBatch,
  type ImageBatches,
  type ImageBatchLike,
  type ImageBatchSource,
  type ImageDataset,
} from './image-dataset.js';
export { checkImageValues } from './image-range.js';
export {
  concatenateImages,
  type LabeledImages,
  type SplitImages,
  type SplitImagesOptions,
  selectImages,
  splitImages,
} from './labeled-images.js';
export { parseSTL10, stl10ClassNames } from './stl10.js';
