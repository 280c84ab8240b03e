export { type BatchOptions, batch, type RepeatOptions, repeat } from './batch.js';
export type { ByteChunks, ByteSource } from './byte-source.js';
export type { FileBytes } from './bytes.js';
export { type CIFAR100Images, cifar10ClassNames, parseCIFAR10, parseCIFAR100 } from './cifar.js';
export { type IDXArray, type IDXImagesOptions, parseIDX, parseIDXGzip, parseIDXImages } from './idx.js';
export { idxRecords } from './idx-records.js';
export { type ImageArray, type ImageArrayLike, imagesToTensor } from './image-array.js';
export {
  epochOrder,
  type ImageBatchesOptions,
  imageBatches,
  type TensorBatch,
  type ViewTensorBatch,
} from './image-batches.js';
export { type CacheOptions, cache, type ImageCache } from './image-cache.js';
export {
  batchesPerEpoch,
  type DecodedBatches,
  datasetSize,
  type EpochPass,
  type ImageBatch,
  type ImageBatches,
  type ImageBatchLike,
  type ImageBatchSource,
  type ImageDataset,
  type ViewBatch,
} from './image-dataset.js';
export { checkImageValues } from './image-range.js';
export { type ImageStreamDataset, type ImageStreamOptions, imageStream } from './image-stream.js';
export {
  type IndexedImages,
  type IndexedImagesDataset,
  type IndexedImagesOptions,
  indexedImages,
} from './indexed-images.js';
export {
  concatenateImages,
  type LabeledImages,
  type LabeledImagesLike,
  type SplitImages,
  type SplitImagesOptions,
  selectImages,
  splitImages,
} from './labeled-images.js';
export { type MapStreamOptions, mapStream, type PrefetchOptions, prefetch } from './map-stream.js';
export type {
  CutViews,
  CutViewsOptions,
  DecodePictures,
  EncodedPicture,
  ImageRecord,
  Picture,
  PictureLike,
  PictureToCut,
  SkippedImage,
} from './picture.js';
export { type ShuffleOptions, shuffle } from './shuffle.js';
export { parseSTL10, stl10ClassNames } from './stl10.js';
export { type Stream, type StreamInput, type StreamPosition, stream } from './stream.js';
export { StreamReader, type StreamState } from './stream-reader.js';
export { type TarEntriesOptions, type TarEntry, tarEntries } from './tar/tar-entries.js';
export type { CropPlan, ViewRequest } from './view-crops.js';
export { type WebDatasetOptions, type WebDatasetRecord, webDataset } from './web-dataset.js';
