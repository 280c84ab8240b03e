export { epochOrder } from './batches/epoch-order.js';
export {
  type ImageBatchesOptions,
  imageBatches,
  type TensorBatch,
  type ViewTensorBatch,
} from './batches/image-batches.js';
export type { ByteChunks, ByteSource } from './formats/byte-source.js';
export type { FileBytes } from './formats/bytes.js';
export { type CIFAR100Images, cifar10ClassNames, parseCIFAR10, parseCIFAR100 } from './formats/cifar.js';
export {
  type IDXArray,
  type IDXImagesOptions,
  parseIDX,
  parseIDXGzip,
  parseIDXImages,
} from './formats/idx.js';
export { idxRecords } from './formats/idx-records.js';
export { parseSTL10, stl10ClassNames } from './formats/stl10.js';
export { type TarEntriesOptions, type TarEntry, tarEntries } from './formats/tar/tar-entries.js';
export { type WebDatasetOptions, type WebDatasetRecord, webDataset } from './formats/web-dataset.js';
export { type ImageArray, type ImageArrayLike, imagesToTensor } from './image-array.js';
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
export {
  concatenateImages,
  type LabeledImages,
  type LabeledImagesLike,
  type SplitImages,
  type SplitImagesOptions,
  selectImages,
  splitImages,
} from './labeled-images.js';
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
export { type SamplePicturesOptions, samplePictures } from './sample-pictures.js';
export { type BatchOptions, batch, type RepeatOptions, repeat } from './streams/batch.js';
export { type CacheOptions, cache, type ImageCache } from './streams/image-cache.js';
export { type ImageStreamDataset, type ImageStreamOptions, imageStream } from './streams/image-stream.js';
export {
  type IndexedImages,
  type IndexedImagesDataset,
  type IndexedImagesOptions,
  indexedImages,
} from './streams/indexed-images.js';
export { type MapStreamOptions, mapStream, type PrefetchOptions, prefetch } from './streams/map-stream.js';
export { type ShuffleOptions, shuffle } from './streams/shuffle.js';
export { type Stream, type StreamInput, type StreamPosition, stream } from './streams/stream.js';
export { StreamReader, type StreamState } from './streams/stream-reader.js';
export type { CropPlan, ViewRequest } from './view-crops.js';
