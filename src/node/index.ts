/**
 * Functions for Node only: files and folders of pictures, saving to disk, progress, the choice of a backend.
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
} from './backends/best-backend.js';
export { type CheckpointDirectory, checkpointDirectory } from './checkpoints/checkpoint-directory.js';
export { directory, type OwnedArtifacts } from './checkpoints/directory.js';
export { readWeights } from './checkpoints/read-weights.js';
export { type NewestModel, type RunDirectory, runDirectory } from './checkpoints/run-directory.js';
export { type CIFAR10, type LoadCIFAR10Options, loadCIFAR10 } from './datasets/cifar10.js';
export {
  type DatasetContents,
  type DatasetFolderOptions,
  readDatasetFolder,
} from './datasets/dataset-folder.js';
export type { FilePath } from './files/file-path.js';
export { fileSource, idxFileRecords, webDatasetFiles } from './files/file-source.js';
export { openCIFAR10, openCIFAR100, openIDX, openSTL10 } from './files/open-files.js';
export { type ReadSTL10Options, readCIFAR10, readCIFAR100, readIDX, readSTL10 } from './files/read-files.js';
export type { RecordFileDataset, RecordFileOptions } from './files/record-file.js';
export { type WriteFilesOptions, type WrittenFile, writeFiles } from './files/write-files.js';
export { readKeywords } from './keywords/read-keywords.js';
export { type SidecarNaming, type WriteSidecarOptions, writeSidecar } from './keywords/write-sidecar.js';
export { keepPictureNames, keptPictureNames } from './names/kept-names.js';
export type { PictureName } from './names/picture-name.js';
export { readPictureNames } from './names/read-names.js';
export { FolderIndex } from './picture-index/folder-index.js';
export {
  type FindIndexOptions,
  type FoundIndex,
  findIndex,
  type IndexFolderOptions,
  type IndexShard,
  indexFolder,
} from './picture-index/index-folder.js';
export type { IndexedModel } from './picture-index/storage/manifest.js';
export type { IndexChanges } from './picture-index/update-index.js';
export { type DecodedImage, type DecodeImageOptions, decodeImage } from './pictures/decode-image.js';
export { type DecodePool, type DecodePoolOptions, decodePool } from './pictures/decode-pool.js';
export {
  type ImageFolderContents,
  type ImageFolderDataset,
  type ImageFolderOptions,
  imageFolder,
  readImageFolder,
  type StreamImageFolderOptions,
} from './pictures/image-folder.js';
export { type Interrupt, onInterrupt } from './progress/on-interrupt.js';
export { type Progress, type ProgressOptions, progress } from './progress/progress.js';
export {
  type ProgressBarCallback,
  type ProgressBarOptions,
  type ProgressEpoch,
  type ProgressFitStart,
  type ProgressStep,
  progressBar,
} from './progress/progress-bar.js';
export type { StackCalibration } from './stacks/calibrate-pictures.js';
export type { PictureFacts } from './stacks/file-facts.js';
export {
  type FindStacksOptions,
  findStacks,
  type PictureStacks,
  type PictureVectors,
} from './stacks/find-stacks.js';
export type { PictureShot, PictureStack, StackedPicture, StackLevel } from './stacks/picture-stack.js';
export type { ProjectorPictures } from './tensorboard/projector.js';
export { type TensorBoardOptions, tensorBoard } from './tensorboard/tensor-board.js';
