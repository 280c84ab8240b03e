import { io } from '@tensorflow/tfjs-core';
import { SimCLR } from 'simclr-ts';
import type { Readout } from 'simclr-ts/features';
import { noPictures, type PictureSet, type VisitPictures } from '../shared/pictures.js';
import { defaultAugmentation, defaultTraining, type TrainingSettings } from '../shared/settings.js';
import type {
  BeforeTraining,
  MeasureEvent,
  Measurement,
  NamedPictures,
  SessionState,
  TrainerEvent,
} from '../shared/trainer-protocol.js';
import { type LiveAugmentation, liveAugmentation } from './live-augmentation.js';
import { mostFitted, newModel, readoutOf } from './model.js';
import {
  clearStorage,
  modelFile,
  piecesOf,
  readFile,
  readPixels,
  storageMessage,
  writeFile,
} from './storage.js';
import { measure } from './vectors/measure.js';

const picturesName = 'pictures.bin';
const modelName = 'model.bin';
const stateName = 'state.json';
const labelsName = 'labels.json';

/** Pictures, model, and their state, which a reload must restore. */
export class Session {
  pictures = noPictures(0);
  simclr: SimCLR | undefined;
  augmentation: LiveAugmentation | undefined;
  settings: TrainingSettings = defaultTraining;
  measurements: Measurement[] = [];
  losses: { step: number; loss: number }[] = [];
  labels: NamedPictures[] = [];
  secondsTrained = 0;
  before: BeforeTraining | undefined;
  /** The file of the encoder that came with the page. */
  startingEncoder: Uint8Array | undefined;
  private warned = false;
  /** The model while no backend holds it. */
  private packed: io.ModelArtifacts | undefined;

  constructor(private readonly say: (event: TrainerEvent) => void) {}

  get count(): number {
    return this.pictures.names.length;
  }

  /** These pictures from now on. */
  show(pictures: PictureSet & Pick<VisitPictures, 'samples'>): void {
    this.pictures = { ...pictures, version: this.pictures.version + 1 };
  }

  /** A new model: untrained, or with the encoder that came with the page. */
  async begin(
    settings: TrainingSettings,
    augmentation = this.augmentation?.settings ?? defaultAugmentation,
  ): Promise<SimCLR> {
    this.dropModel();
    this.settings = settings;
    this.augmentation = liveAugmentation(augmentation, settings.viewSize);
    if (settings.startingEncoder && !this.startingEncoder) {
      const text = 'This page has no encoder to start from. Training starts from scratch.';
      this.say({ type: 'notice', level: 'warning', text });
    }
    const encoder = settings.startingEncoder ? this.startingEncoder : undefined;
    this.simclr = await newModel(settings, this.augmentation.transform, this.pictures, encoder);
    return this.simclr;
  }

  /**
   * Uses what gives vectors with the weights that the model has now; nothing if all pictures are alike. The model keeps it,
   * unless training goes on.
   */
  async withReadout<T>(use: (readout: Readout | undefined) => Promise<T>): Promise<T> {
    const simclr = this.simclr!;
    const fitted = Math.min(this.count, mostFitted);
    const { readout: kept, readoutStatus } = simclr;
    if (kept && readoutStatus === 'current' && kept.pictures === fitted) return use(kept);
    const readout = await readoutOf(simclr, this.pictures);
    if (readout?.isOf(simclr.encoder)) {
      simclr.readout = readout;
      return use(readout);
    }
    try {
      return await use(readout);
    } finally {
      readout?.dispose();
    }
  }

  /** Measures the model, keeps what it found, and tells the page. */
  async measure(): Promise<MeasureEvent> {
    const event = await measure(this.simclr!, this.pictures, this.pictures.version);
    if (this.measurements.at(-1)?.step === event.measurement.step) this.measurements.pop();
    this.measurements.push(event.measurement);
    this.say(event);
    return event;
  }

  dropModel(): void {
    this.simclr?.dispose();
    this.simclr = undefined;
    this.measurements = [];
    this.losses = [];
    this.secondsTrained = 0;
    this.before = undefined;
  }

  /** Takes the model off the backend before a change of backend. */
  async pack(): Promise<void> {
    const { simclr } = this;
    if (!simclr) return;
    await simclr.save(
      io.withSaveHandler(async (artifacts) => {
        this.packed = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    simclr.dispose();
    this.simclr = undefined;
  }

  /** Puts the model onto the backend that is active now. */
  async unpack(): Promise<void> {
    const { packed } = this;
    if (!packed) return;
    this.simclr = await SimCLR.load(io.fromMemory(packed), { augmentation: this.augmentation!.transform });
    this.packed = undefined;
  }

  state(): SessionState | null {
    if (!this.simclr) return null;
    const { step, epoch } = this.simclr.progress;
    const { settings, measurements, losses, secondsTrained, before = null } = this;
    const augmentation = this.augmentation!.settings;
    return { step, epoch, settings, augmentation, measurements, losses, secondsTrained, before };
  }

  async savePictures(): Promise<void> {
    const { names, groups, size, samples, data } = this.pictures;
    const header = new TextEncoder().encode(JSON.stringify({ names, groups, size, samples }));
    function* parts() {
      yield Uint32Array.of(header.length).buffer;
      yield header;
      yield* piecesOf(data);
    }
    const write = () => writeFile(picturesName, parts());
    if (samples)
      await write().catch(() => {}); // the page can draw them again
    else await this.keep(write);
  }

  /** Saves model and state; if storage refuses, reports it once and continues. */
  async saveModel(): Promise<void> {
    const { simclr } = this;
    if (!simclr) return;
    const { step } = simclr.progress;
    await this.keep(async () => {
      await simclr.save(modelFile(modelName));
      await writeFile(stateName, [JSON.stringify(this.state())]);
      this.say({ type: 'saved', step });
    });
  }

  private async keep(write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.warned = false;
    } catch (error) {
      if (this.warned) return;
      this.warned = true;
      this.say({ type: 'notice', level: 'warning', text: storageMessage(error) });
    }
  }

  /** Restores the last visit. @returns whether anything was saved */
  async restore(): Promise<boolean> {
    const file = await readFile(picturesName).catch(() => undefined);
    if (!file) return false;
    const length = new Uint32Array(await file.slice(0, 4).arrayBuffer())[0]!;
    const header = JSON.parse(await file.slice(4, 4 + length).text());
    this.show({ samples: false, ...header, data: await readPixels(file.slice(4 + length)) });
    const saved = await readFile(stateName);
    this.labels = await this.savedLabels();
    try {
      if (saved && (await readFile(modelName))) await this.restoreModel(JSON.parse(await saved.text()));
    } catch (error) {
      const text = `The model of the last visit cannot be read, its pictures can: ${(error as Error).message}`;
      this.say({ type: 'notice', level: 'warning', text });
    }
    return true;
  }

  /** Names have a file of their own: they are there before a model was saved. */
  private async savedLabels(): Promise<NamedPictures[]> {
    const file = await readFile(labelsName).catch(() => undefined);
    return file ? JSON.parse(await file.text()) : [];
  }

  async saveLabels(labels: NamedPictures[]): Promise<void> {
    this.labels = labels;
    await this.keep(() => writeFile(labelsName, [JSON.stringify(labels)]));
  }

  private async restoreModel(state: SessionState & { labels?: NamedPictures[] }): Promise<void> {
    const augmentation = liveAugmentation(state.augmentation, state.settings.viewSize);
    this.dropModel();
    this.simclr = await SimCLR.load(modelFile(modelName), { augmentation: augmentation.transform });
    this.augmentation = augmentation;
    // The model is written before the state: after a reload between the two it is ahead by a few steps.
    this.settings = { ...defaultTraining, ...state.settings }; // an older version of the page may have saved fewer
    this.measurements = state.measurements;
    this.losses = state.losses;
    if (this.labels.length === 0 && state.labels) this.labels = state.labels; // once kept here
    this.secondsTrained = state.secondsTrained ?? 0; // these two are newer than what some have saved
    this.before = state.before ?? undefined;
  }

  async forget(): Promise<void> {
    this.dropModel();
    this.show(noPictures(0));
    this.labels = [];
    await clearStorage();
  }
}
