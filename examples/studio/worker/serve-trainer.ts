import { imagesToTensor, type SimCLR } from 'simclr-ts';
import { fewestPictures, mostPictures, noPictures, type Reading } from '../shared/pictures.js';
import { serve } from '../shared/remote.js';
import type { AugmentationSettings, TrainingSettings } from '../shared/settings.js';
import type { Added, ProbeResult, TrainerCommands, TrainerEvent } from '../shared/trainer-protocol.js';
import { startBackend } from './backend.js';
import { exportFile } from './export.js';
import { PictureRoom } from './pictures/picture-room.js';
import { readFiles } from './pictures/read-files.js';
import { samplePictures } from './pictures/sample-set.js';
import { Session } from './session.js';
import { loadStartingEncoder } from './starting-encoder.js';
import { Training } from './training.js';
import { CurrentVectors } from './vectors/current-vectors.js';
import { measure } from './vectors/measure.js';
import { diverseSubset, duplicateGroups, nameTheRest, neighborsOf } from './vectors/search.js';
import { pick } from './vectors/vectors-of.js';

/** Sends an event to the page. */
let say: (event: TrainerEvent) => void = () => {};
const session = new Session((event) => say(event));
let training: Training | undefined;
let named: ProbeResult | undefined;

let preparing: Promise<void> = Promise.resolve();

async function model(): Promise<SimCLR> {
  await preparing;
  if (!session.simclr) throw new Error('Add pictures first: there is no model yet.');
  return session.simclr;
}

const current = new CurrentVectors(session, model);

/** Pictures are added one drop after the other: each continues where the one before has ended. */
let adding: Promise<unknown> = Promise.resolve();

function inTurn(add: () => Promise<Added>): Promise<Added> {
  const turn = adding.then(add);
  adding = turn.catch(() => {});
  return turn;
}

/** Shows the pictures of a room. Pictures of one's own have replaced the samples. */
async function take(room: PictureRoom, reading: Reading, samples: boolean): Promise<Added> {
  const replaced = session.pictures.samples && !samples && room.added > 0;
  if (replaced) await forget();
  if (room.added > 0) {
    session.show({ ...room.pictures(), samples });
    current.drop();
    named = undefined;
    await session.savePictures();
  }
  return { pictures: session.pictures, reading, replaced };
}

async function forget(): Promise<void> {
  await preparing;
  await current.endWarming();
  current.drop();
  named = undefined;
  await session.forget();
}

/** Makes a model of the pictures as they are now, unless one has been trained, and measures it. */
async function prepare(settings: TrainingSettings, augmentation: AugmentationSettings): Promise<void> {
  if (training || session.count < fewestPictures || (session.simclr?.progress.step ?? 0) > 0) return;
  try {
    const simclr = await session.begin(settings, augmentation);
    const { version, indices, vectors } = await session.measure();
    const { count } = session;
    if (version !== session.pictures.version || indices.length !== count) return;
    // Those of the map are those of all: the first search need not wait.
    current.take(simclr, { data: vectors, shape: [count, vectors.length / count] });
  } catch (error) {
    session.dropModel();
    const text = `These pictures cannot be compared yet: ${(error as Error).message}`;
    say({ type: 'notice', level: 'warning', text });
  }
}

function refuseWhileTraining(): void {
  if (training) throw new Error('Stop training first: pictures cannot be changed while it runs.');
}

const commands: TrainerCommands = {
  async useBackend(name, threads) {
    refuseWhileTraining();
    await preparing;
    await current.endWarming();
    await session.pack();
    const report = await startBackend(name, threads);
    await session.unpack();
    return report;
  },

  async startingEncoder() {
    const loaded = await loadStartingEncoder();
    if (!loaded) return null;
    session.startingEncoder = loaded.bytes;
    return loaded.description;
  },

  async restore() {
    if (!(await session.restore())) return null;
    return { pictures: session.pictures, state: session.state(), labels: session.labels };
  },

  async measure() {
    say(await measure(await model(), session.pictures, session.pictures.version));
  },

  async addFiles(files) {
    refuseWhileTraining();
    return inTurn(async () => {
      const before = session.pictures.samples ? noPictures(0) : session.pictures;
      const onProgress = (done: number, total: number) => say({ type: 'reading', done, total });
      const { room, reading } = await readFiles(files, before, onProgress);
      return take(room, reading, false);
    });
  },

  async addSamples(count, seed) {
    refuseWhileTraining();
    return inTurn(async () => {
      const { pictures } = session;
      const samples = samplePictures(Math.min(count, mostPictures - session.count), seed);
      const room = new PictureRoom(pictures, samples.length);
      for (const sample of samples) room.add(sample);
      const reading = { added: room.added, leftAside: [], beyond: 0 };
      return take(room, reading, pictures.samples || pictures.names.length === 0);
    });
  },

  async forget() {
    refuseWhileTraining();
    await adding; // it continues from the pictures that are to be forgotten
    await forget();
  },

  prepare(settings, augmentation) {
    // One after the other: pictures may be added while a model is made of the first ones.
    preparing = preparing.then(() => prepare(settings, augmentation));
    current.warm(); // it waits for the model
    return preparing;
  },

  async train(settings, augmentation) {
    await adding;
    await preparing;
    await current.endWarming(); // other settings dispose of the model
    if (training) throw new Error('Training is already running.');
    training = new Training(session, (event) => say(event));
    try {
      return await training.run(settings, augmentation);
    } finally {
      training = undefined;
    }
  },

  setAugmentation: (augmentation) => session.augmentation?.set(augmentation),
  keepBefore(before) {
    session.before = before;
  },
  keepLabels: (labels) => session.saveLabels(labels),
  pause: () => training?.pause(),
  resume: () => training?.resume(),
  stop: () => training?.stop(),

  neighbors: async (index, count) => neighborsOf(await current.get(), index, count),
  duplicates: async (similarity) => duplicateGroups(await current.get(), similarity),

  subset: async (count) => diverseSubset(await current.get(), count),

  async probe(labels) {
    named = await nameTheRest(await current.get(), labels);
    return named;
  },

  async projections(indices, seed) {
    const simclr = await model();
    const images = imagesToTensor(pick(session.pictures, indices));
    const made = simclr.views(images, indices, seed);
    images.dispose();
    const size = simclr.inputSize[0];
    const views = new Uint8Array(2 * indices.length * size * size * 3);
    const z: Float32Array[] = [];
    for (const [view, tensor] of made.slice(0, 2).entries()) {
      const values = await tensor.data();
      const start = view * values.length;
      for (let i = 0; i < values.length; i++) views[start + i] = Math.round(255 * values[i]!);
      const projected = await simclr.project(tensor);
      z.push((await projected.data()) as Float32Array);
      projected.dispose();
      tensor.dispose();
    }
    const dim = z[0]!.length / indices.length;
    return { views, size, z: Float32Array.from([...z[0]!, ...z[1]!]), dim };
  },

  async exportFile(kind) {
    const simclr = await model();
    return session.withReadout((readout) => {
      if (!readout) throw new Error('The pictures are all alike: there is nothing to tell apart.');
      return exportFile(kind, {
        simclr,
        readout,
        pictures: session.pictures,
        vectors: () => current.get(),
        named,
      });
    });
  },
};

/** Answers the page's calls. */
export function serveTrainer(): void {
  say = serve(commands as never);
}
