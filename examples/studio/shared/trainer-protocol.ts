import type { DroppedFile, Reading, VisitPictures } from './pictures.js';
import type { AugmentationSettings, TrainingSettings } from './settings.js';

/** A backend. */
export type BackendName = 'wasm' | 'webgl' | 'webgpu';

/** Result of the preflight of a backend. */
export interface BackendReport {
  name: BackendName;
  threads: number;
  /** Pairs per second in a trial of a few steps; 0 if it was not tried. */
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
  /** Seconds in all that steps of this model have taken. */
  secondsTrained: number;
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

/** A measurement, and the data that the page draws. */
export interface MeasureEvent {
  type: 'measure';
  /** That of the pictures. */
  version: number;
  measurement: Measurement;
  /** Pictures of the map. */
  indices: number[];
  /** Their vectors, row by row. */
  vectors: Float32Array;
  /** Views that the network encodes in a second. */
  viewsPerSecond: number;
  /** Tensors of TensorFlow.js, to detect leaks. */
  memory: { tensors: number; bytes: number };
  /** A few pictures, each with its nearest. */
  examples: Example[];
}

/** A picture and its nearest. */
export interface Example {
  index: number;
  neighbors: number[];
}

/** What the untrained network saw, to compare with. */
export interface BeforeTraining {
  /** Pictures of the map. */
  indices: number[];
  /** Their places on it, two numbers each, from 0 to 1. */
  places: number[];
  examples: Example[];
}

/** Events of the worker. */
export type TrainerEvent =
  | StepEvent
  | MeasureEvent
  | { type: 'reading'; done: number; total: number }
  | { type: 'saved'; step: number }
  | { type: 'notice'; level: 'info' | 'warning'; text: string };

/** The state of a session. */
export interface SessionState {
  step: number;
  epoch: number;
  settings: TrainingSettings;
  augmentation: AugmentationSettings;
  measurements: Measurement[];
  losses: { step: number; loss: number }[];
  secondsTrained: number;
  before: BeforeTraining | null;
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

/** The linear probe's prediction for every picture. */
export interface ProbeResult {
  names: string[];
  /** Position in `names` for each picture. */
  classes: Int32Array;
  /** Probability of that name. */
  confidence: Float32Array;
}

/** Files to download. */
export type ExportKind = 'safetensors' | 'onnx' | 'tfjs' | 'huggingface' | 'checkpoint' | 'vectors' | 'csv';

/** An encoder that a model may start from. */
export interface StartingEncoder {
  /** Width of its network, and so of the model. */
  width: number;
  /** Its training data, as text. */
  training: string;
}

/** What adding pictures has done. */
export interface Added {
  pictures: VisitPictures;
  reading: Reading;
  /** Whether they have replaced the samples. */
  replaced: boolean;
}

/** The functions of the trainer's worker. */
export interface TrainerCommands {
  /** Chooses a backend and tries it with a few real steps. The first call decides how many threads wasm has. */
  useBackend(name: BackendName, threads: number): Promise<BackendReport>;
  /** The encoder that comes with the page; `null` if there is none. */
  startingEncoder(): Promise<StartingEncoder | null>;
  /** Pictures and model of the last visit, if any. */
  restore(): Promise<{
    pictures: VisitPictures;
    state: SessionState | null;
    labels: NamedPictures[];
  } | null>;
  /** Measures again how good the vectors are. */
  measure(): Promise<void>;
  /** Adds the pictures among files. The first of one's own replace the samples, and what was learned from them. */
  addFiles(files: DroppedFile[]): Promise<Added>;
  /** Adds sample pictures that the page draws. */
  addSamples(count: number, seed: number): Promise<Added>;
  /** Deletes pictures and model, also from the browser's storage. */
  forget(): Promise<void>;
  /** Makes an untrained model of the pictures, and measures it. A trained model stays. */
  prepare(settings: TrainingSettings, augmentation: AugmentationSettings): Promise<void>;
  /** Trains to the end of `settings.epochs`; resolves when training ends. */
  train(settings: TrainingSettings, augmentation: AugmentationSettings): Promise<'completed' | 'stopped'>;
  setAugmentation(augmentation: AugmentationSettings): void;
  /** Keeps what the untrained network saw, also over a reload. */
  keepBefore(before: BeforeTraining): void;
  /** Keeps the names that a person has given, also over a reload. */
  keepLabels(labels: NamedPictures[]): Promise<void>;
  pause(): void;
  resume(): void;
  stop(): void;
  neighbors(index: number, count: number): Promise<Neighbor[]>;
  /** Groups of pictures whose similarity with the center of their group is at least `similarity`. */
  duplicates(similarity: number): Promise<number[][]>;
  /** A few pictures that stand for all, the most telling first. */
  subset(count: number): Promise<number[]>;
  probe(labels: NamedPictures[]): Promise<ProbeResult>;
  /** Projections z of two views of each picture: all first views, then all second ones. */
  projections(
    indices: number[],
    seed: number,
  ): Promise<{ views: Uint8Array; size: number; z: Float32Array; dim: number }>;
  exportFile(kind: ExportKind): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }>;
}
