import { noPictures, type VisitPictures } from '../../shared/pictures.js';
import { Connection, type Remote } from '../../shared/remote.js';
import { type AugmentationSettings, defaultAugmentation } from '../../shared/settings.js';
import type { SideCommands } from '../../shared/side-protocol.js';
import type {
  Added,
  MeasureEvent,
  Measurement,
  NamedPictures,
  ProbeResult,
  SessionState,
  StartingEncoder,
  TrainerCommands,
  TrainerEvent,
} from '../../shared/trainer-protocol.js';

export type TrainingMode = 'running' | 'paused' | 'idle';

/** Events between the parts of the page. */
interface AppEvents {
  pictures: VisitPictures;
  restored: SessionState;
  augmentation: AugmentationSettings;
  /** Whether vectors of new pictures are being computed. */
  sorting: boolean;
  /** A picture was chosen, or none is any more. */
  chosen: number | undefined;
  /** The nearest of the chosen picture were found. */
  near: number[];
  /** Pictures were marked, or are no longer. */
  marked: ReadonlySet<number>;
  trainer: TrainerEvent;
  measured: MeasureEvent;
  training: TrainingMode;
  /** Training came to its end, or was stopped. */
  trained: undefined;
  labels: NamedPictures[];
  /** Every picture has a name, or none has any more. */
  named: ProbeResult | undefined;
  /** Names, duplicates, or a subset were found. */
  used: undefined;
  forgotten: undefined;
  /** The page comes with an encoder to start from. */
  startingEncoder: StartingEncoder;
}

/** The page's state, and the two workers. */
export class App {
  readonly trainer: Remote<TrainerCommands>;
  readonly side: Remote<SideCommands>;
  pictures = noPictures(0);
  augmentation = defaultAugmentation;
  /** Whether there are vectors: of a model that may be untrained. */
  hasModel = false;
  trained = false;
  secondsTrained = 0;
  /** Measurements of the model, in the order of their steps. */
  measurements: Measurement[] = [];
  mode: TrainingMode = 'idle';
  labels: NamedPictures[] = [];
  named: ProbeResult | undefined;
  readonly marked: ReadonlySet<number> = new Set();
  private readonly listeners = new Map<keyof AppEvents, ((value: never) => void)[]>();

  private readonly trainerWorker = new Connection<TrainerCommands, TrainerEvent>(
    () => new Worker(new URL('../../worker/index.ts', import.meta.url), { type: 'module', name: 'trainer' }),
    (event) => this.tell('trainer', event),
  );

  constructor() {
    this.trainer = this.trainerWorker.commands;
    this.side = new Connection<SideCommands>(
      () => new Worker(new URL('../../side/index.ts', import.meta.url), { type: 'module', name: 'side' }),
    ).commands;
  }

  /** Ends the trainer's worker and all that it holds, and starts another. */
  restartTrainer(): void {
    this.trainerWorker.restart();
  }

  on<K extends keyof AppEvents>(event: K, listener: (value: AppEvents[K]) => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  tell<K extends keyof AppEvents>(event: K, value: AppEvents[K]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(value as never);
  }

  /** The measurement of the untrained network, if it was measured. */
  get before(): Measurement | undefined {
    return this.measurements.find(({ step }) => step === 0);
  }

  /** Takes what was measured: at step 0 of a new model. */
  measured(event: MeasureEvent): void {
    const { measurement } = event;
    this.hasModel = true;
    this.trained = measurement.step > 0;
    const earlier = measurement.step === 0 ? [] : this.measurements;
    this.measurements = [...earlier.filter(({ step }) => step !== measurement.step), measurement];
    this.tell('measured', event);
  }

  /** Takes the state of the last visit. */
  restore(state: SessionState): void {
    this.measurements = state.measurements;
    this.tell('restored', state);
  }

  setPictures(pictures: VisitPictures): void {
    this.pictures = pictures;
    this.tell('pictures', pictures);
  }

  /** Shows what adding has given. What was learned from samples goes with them. */
  added({ pictures, replaced }: Added): void {
    if (replaced) this.forget();
    this.setPictures(pictures);
  }

  /** Returns to a page without pictures and model; the worker has forgotten its own. */
  forget(): void {
    this.trained = false;
    this.hasModel = false;
    this.secondsTrained = 0;
    this.measurements = [];
    this.mark([...this.marked], false);
    this.labels = [];
    this.setNamed(undefined);
    this.tell('chosen', undefined);
    this.setPictures(noPictures(this.pictures.version));
    this.tell('forgotten', undefined);
  }

  /** Marks pictures for a name, or removes their marks. */
  mark(indices: Iterable<number>, on: boolean): void {
    const marked = this.marked as Set<number>;
    for (const index of indices) {
      if (on) marked.add(index);
      else marked.delete(index);
    }
    this.tell('marked', marked);
  }

  /** Gives the marked pictures a name, and removes their marks. */
  nameMarked(name: string): void {
    const chosen = [...this.marked];
    const others = this.labels.map((label) => ({
      ...label,
      indices: label.indices.filter((index) => !this.marked.has(index)),
    }));
    const same = others.find((label) => label.name === name);
    if (same) same.indices.push(...chosen);
    else others.push({ name, indices: chosen });
    this.setLabels(others.filter(({ indices }) => indices.length > 0));
    this.mark(chosen, false);
    void this.trainer.keepLabels(this.labels).catch(() => {}); // storage reports by itself
  }

  setLabels(labels: NamedPictures[]): void {
    this.labels = labels;
    this.tell('labels', labels);
  }

  setNamed(named: ProbeResult | undefined): void {
    this.named = named;
    this.tell('named', named);
  }

  /** The name of each picture: what a person has given, or what the model says; `''` for none. */
  nameOf(index: number): string {
    const given = this.labels.find(({ indices }) => indices.includes(index));
    if (given) return given.name;
    return this.named?.names[this.named.classes[index]!] ?? '';
  }

  /** Offset of picture `index` in the bytes. */
  start(index: number): number {
    return index * this.pictures.size ** 2 * 3;
  }

  /** The title of a picture. */
  title(index: number): string {
    return this.pictures.names[index]!.split('/').slice(-2).join('/');
  }
}
