import type { DroppedFile, PictureSet, Reading } from './pictures.js';
import type { AugmentationSettings, TrainingSettings } from './settings.js';

/** What can compute. */
export type BackendName = 'wasm' | 'webgl' | 'webgpu';

/** What the preflight found of a backend. */
export interface BackendReport {
  name: BackendName;
  threads: number;
  /** Pairs per second of a trial of a few steps; 0 where it was not tried. */
  pairsPerSecond: number;
}

/** Numbers of one optimizer step. */
export interface StepEvent {
  type: 'step';
  step: number;
  epoch: number;
  epochs: number;
  loss: number;
  pairsPerSecond: number;
  /** Seconds to the end. */
  etaSeconds: number;
}

/** How good the vectors are at a step. */
export interface Measurement {
  step: number;
  /** Share of pictures whose other view is the nearest of all, 0 to 1. */
  viewMatch: number;
  /** Share of the five nearest that are of the same folder, 0 to 1; absent with fewer than two folders. */
  groupMatch?: number;
  effectiveRank: number;
  /** Length of a vector. */
  dim: number;
}

/** A measurement with what the page draws from it. */
export interface MeasureEvent {
  type: 'measure';
  measurement: Measurement;
  /** Pictures of the map. */
  indices: number[];
  /** Their vectors, row by row. */
  vectors: Float32Array;
  /** What TensorFlow.js holds: its number only grows where something is not disposed of. */
  memory: { tensors: number; bytes: number };
  /** A few pictures, each with its nearest. */
  examples: { index: number; neighbors: number[] }[];
}

/** What the worker says unasked. */
export type TrainerEvent =
  | StepEvent
  | MeasureEvent
  | { type: 'reading'; done: number; total: number }
  | { type: 'saved'; step: number }
  | { type: 'notice'; level: 'info' | 'warning'; text: string };

/** Where a session stands. */
export interface SessionState {
  step: number;
  epoch: number;
  settings: TrainingSettings;
  augmentation: AugmentationSettings;
  measurements: Measurement[];
  losses: { step: number; loss: number }[];
  labels: NamedPictures[];
}

/** Pictures that a person has named. */
export interface NamedPictures {
  name: string;
  indices: number[];
}

/** Neighbors of a picture, nearest first. */
export interface Neighbor {
  index: number;
  similarity: number;
}

/** What the linear probe says of every picture. */
export interface ProbeResult {
  names: string[];
  /** Position in `names` for each picture. */
  classes: Int32Array;
  /** Probability of that name. */
  confidence: Float32Array;
}

/** Files that can be taken away. */
export type ExportKind = 'safetensors' | 'onnx' | 'tfjs' | 'checkpoint' | 'vectors' | 'csv';

/** An encoder that a model may begin with. */
export interface StartingEncoder {
  /** Width of its network, which is then that of the model. */
  width: number;
  /** What it has learned from, for people. */
  training: string;
}

/** What the trainer's worker does. */
export interface TrainerCommands {
  /** Chooses a backend and tries it with a few real steps. */
  useBackend(name: BackendName): Promise<BackendReport>;
  /** The encoder that came with the page; `null` where none did. */
  startingEncoder(): Promise<StartingEncoder | null>;
  /** Pictures and model of the last visit, where there are some. */
  restore(): Promise<{ pictures: PictureSet; state: SessionState | null } | null>;
  /** Says again how good the vectors are. */
  measure(): Promise<void>;
  addFiles(files: DroppedFile[]): Promise<{ pictures: PictureSet; reading: Reading }>;
  addSamples(count: number, seed: number): Promise<{ pictures: PictureSet; reading: Reading }>;
  /** Forgets pictures, model and what was kept of them. */
  forget(): Promise<void>;
  /** Trains to the end of `settings.epochs`; resolves when training ends. */
  train(settings: TrainingSettings, augmentation: AugmentationSettings): Promise<'completed' | 'stopped'>;
  setAugmentation(augmentation: AugmentationSettings): void;
  pause(): void;
  resume(): void;
  stop(): void;
  neighbors(index: number, count: number): Promise<Neighbor[]>;
  /** Groups of pictures that are alike to at least `similarity`. */
  duplicates(similarity: number): Promise<number[][]>;
  probe(labels: NamedPictures[]): Promise<ProbeResult>;
  /** Projections z of two views of each picture: all first views, then all second ones. */
  projections(
    indices: number[],
    seed: number,
  ): Promise<{ views: Uint8Array; size: number; z: Float32Array; dim: number }>;
  exportFile(kind: ExportKind): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }>;
}
