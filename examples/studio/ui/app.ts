import type { PictureSet } from '../shared/pictures.js';
import { Connection, type Remote } from '../shared/remote.js';
import { type AugmentationSettings, defaultAugmentation } from '../shared/settings.js';
import type { SideCommands } from '../shared/side-protocol.js';
import type {
  MeasureEvent,
  NamedPictures,
  SessionState,
  StartingEncoder,
  TrainerCommands,
  TrainerEvent,
} from '../shared/trainer-protocol.js';

/** Events between the parts of the page. */
interface AppEvents {
  pictures: PictureSet;
  restored: SessionState;
  augmentation: AugmentationSettings;
  /** A picture was chosen. */
  chosen: number;
  trainer: TrainerEvent;
  measured: MeasureEvent;
  training: 'running' | 'paused' | 'idle';
  labels: NamedPictures[];
  forgotten: undefined;
  /** The page comes with an encoder to start from. */
  startingEncoder: StartingEncoder;
}

/** The page's state, and the two workers. */
export class App {
  readonly trainer: Remote<TrainerCommands>;
  readonly side: Remote<SideCommands>;
  pictures: PictureSet = { names: [], groups: [], size: 64, data: new Uint8Array(0) };
  augmentation = defaultAugmentation;
  /** Whether there are vectors: of a model that may be untrained. */
  hasModel = false;
  trained = false;
  private readonly listeners = new Map<keyof AppEvents, ((value: never) => void)[]>();

  private readonly trainerWorker = new Connection<TrainerCommands, TrainerEvent>(
    () => new Worker(new URL('../worker/index.ts', import.meta.url), { type: 'module', name: 'trainer' }),
    (event) => this.tell('trainer', event),
  );

  constructor() {
    this.trainer = this.trainerWorker.commands;
    this.side = new Connection<SideCommands>(
      () => new Worker(new URL('../side/index.ts', import.meta.url), { type: 'module', name: 'side' }),
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

  setPictures(pictures: PictureSet): void {
    this.pictures = pictures;
    this.tell('pictures', pictures);
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
