/**
 * What only Node can do: files and folders of pictures, saving to disk, progress, the choice of a backend.
 * @module
 */

export { availableCores } from '../backend/available-cores.js';
export type { SkippedImage } from '../data/index.js';
export {
  type BackendChoice,
  type BackendReason,
  describeBackendChoice,
  releaseBackend,
  type UseBestBackendOptions,
  useBestBackend,
} from './best-backend.js';
export { type CheckpointDirectory, checkpointDirectory } from './checkpoint-directory.js';
export { type DecodedImage, type DecodeImageOptions, decodeImage } from './decode-image.js';
export { type DecodePool, type DecodePoolOptions, decodePool } from './decode-pool.js';
export { directory, type OwnedArtifacts } from './directory.js';
export type { FilePath } from './file-path.js';
export { fileSource, idxFileRecords, webDatasetFiles } from './file-source.js';
export {
  type ImageFolderContents,
  type ImageFolderDataset,
  type ImageFolderOptions,
  imageFolder,
  readImageFolder,
  type StreamImageFolderOptions,
} from './image-folder.js';
export { type Interrupt, onInterrupt } from './on-interrupt.js';
export { openCIFAR10, openCIFAR100, openIDX, openSTL10 } from './open-files.js';
export { type Progress, type ProgressOptions, progress } from './progress.js';
export {
  type ProgressBarCallback,
  type ProgressEpoch,
  type ProgressFitStart,
  type ProgressStep,
  progressBar,
} from './progress-bar.js';
export { type ReadSTL10Options, readCIFAR10, readCIFAR100, readIDX, readSTL10 } from './read-files.js';
export type { RecordFileDataset, RecordFileOptions } from './record-file.js';
export { type NewestModel, type RunDirectory, runDirectory } from './run-directory.js';
