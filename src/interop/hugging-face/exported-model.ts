import type { NormalizeOptions } from '../../augmentations/index.js';
import type { ResolvedStage } from '../../features/index.js';

/** What the writers of a model folder's files need to know of an encoder. */
export interface ExportedModel {
  name: string;
  dim: number;
  height: number;
  width: number;
  normalization: NormalizeOptions | undefined;
  precision: 'float32' | 'float16';
  /** Name of the network in timm; `undefined` if timm has no such network. */
  timm: string | undefined;
  /** What the read-out reads, if the vectors are those of one. */
  stages: readonly ResolvedStage[] | undefined;
  /** What the network is built from, for people. */
  network: string;
}
