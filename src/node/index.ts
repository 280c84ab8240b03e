/**
 * What only Node can do: files and folders of pictures, saving to disk, progress, the choice of a backend.
 * @module
 */
export {
  type BackendChoice,
  type BackendReason,
  describeBackendChoice,
  type UseBestBackendOptions,
  useBestBackend,
} from './best-backend.js';
export { type CheckpointDirectory, checkpointDirectory } from './checkpoint-directory.js';
export { type DecodedImage, type DecodeImageOptions, decodeImage } from './decode-image.js';
export { directory, type OwnedArtifacts } from './directory.js';
export {
  type ImageFolderContents,
  type ImageFolderDataset,
  type ImageFolderOptions,
  imageFolder,
  readImageFolder,
  type SkippedImage,
} from './image-folder.js';
export { type Interrupt, onInterrupt } from './on-interrupt.js';
export { type Progress, type ProgressOptions, progress } from './progress.js';
export {
  type ProgressBarCallback,
  type ProgressEpoch,
  type ProgressFitStart,
  type ProgressStep,
  progressBar,
} from './progress-bar.js';
export type { FilePath } from './read-bytes.js';
export { type ReadSTL10Options, readCIFAR10, readCIFAR100, readIDX, readSTL10 } from './read-files.js';
