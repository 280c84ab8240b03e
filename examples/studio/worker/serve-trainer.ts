import { type EmbeddingArray, imagesToTensor, type SimCLR } from 'simclr-ts';
import { fewestPictures, mostPictures, type Reading } from '../shared/pictures.js';
import { serve } from '../shared/remote.js';
import type { AugmentationSettings, TrainingSettings } from '../shared/settings.js';
import type { Added, ProbeResult, TrainerCommands, TrainerEvent } from '../shared/trainer-protocol.js';
import { startBackend } from './backend.js';
import { exportFile } from './export.js';
import { measure } from './measure.js';
import { joinPictures, type ReadPicture, readFiles } from './read-files.js';
import { samplePictures } from './sample-set.js';
import { diverseSubset, duplicateGroups, nameTheRest, neighborsOf } from './search.js';
import { Session } from './session.js';
import { loadStartingEncoder } from './starting-encoder.js';
import { Training } from './training.js';
import { pick, vectorsOf } from './vectors.js';

/** Sends an event to the page. */
let say: (event: TrainerEvent) => void = () => {};
const session = new Session((event) => say(event));
let training: Training | undefined;
let named: ProbeResult | undefined;
let kept: { simclr: SimCLR; step: number; version: number; vectors: Promise<EmbeddingArray> } | undefined;

let preparing: Promise<void> = Promise.resolve();
/** Computes the vectors of all pictures before someone searches. */
let warming: Promise<unknown> = Promise.resolve();

async function model(): Promise<SimCLR> {
  await preparing;
  if (!session.simclr) throw new Error('Add pictures first: there is no model yet.');
  return session.simclr;
}

/** Vectors of all pictures, computed with the current weights. */
async function vectors(): Promise<EmbeddingArray> {
  const simclr = await model();
  const { version } = session.pictures;
  const { step } = simclr.progress;
  if (kept?.simclr !== simclr || kept.step !== step || kept.version !== version) {
    const all = Uint32Array.from({ length: session.count }, (_, index) => index);
    const [size] = simclr.inputSize;
    const { pictures } = session;
    const found = session.withReadout((readout) => vectorsOf(readout ?? simclr, pictures, all, size));
    const mine = { simclr, step, version, vectors: found };
    kept = mine;
    found.catch(() => {
      if (kept === mine) kept = undefined;
    });
  }
  return kept.vectors;
}

/** Appends pictures; a name that exists already is not added again. Others replace the samples. */
async function add(pictures: ReadPicture[], reading: Reading, samples = false): Promise<Added> {
  const replaced = session.pictures.samples && !samples && pictures.length > 0;
  if (replaced) await forget();
  const present = new Set(session.pictures.names);
  const fresh = pictures.filter(({ name }) => !present.has(name) && present.add(name));
  const { names, groups, data } = session.pictures;
  session.show({
    names: [...names, ...fresh.map(({ name }) => name)],
    groups: [...groups, ...fresh.map(({ group }) => group)],
    size: session.pictures.size,
    data: joinPictures(data, fresh),
    samples: samples && (session.pictures.samples || names.length === 0),
  });
  kept = undefined;
  named = undefined;
  if (fresh.length > 0) await session.savePictures();
  return { pictures: session.pictures, reading: { ...reading, added: fresh.length }, replaced };
}

async function forget(): Promise<void> {
  await preparing;
  await warming;
  kept = undefined;
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
    const shape = [count, vectors.length / count] as const;
    kept = { simclr, step: 0, version, vectors: Promise.resolve({ data: vectors, shape }) };
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
    await warming;
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
    const room = mostPictures - (session.pictures.samples ? 0 : session.count);
    const { pictures, reading } = await readFiles(files, room, (done, total) =>
      say({ type: 'reading', done, total }),
    );
    return add(pictures, reading);
  },

  addSamples(count, seed) {
    refuseWhileTraining();
    const pictures = samplePictures(Math.min(count, mostPictures - session.count), seed);
    return add(pictures, { added: 0, leftAside: [], beyond: 0 }, true);
  },

  async forget() {
    refuseWhileTraining();
    await forget();
  },

  prepare(settings, augmentation) {
    // One after the other: pictures may be added while a model is made of the first ones.
    preparing = preparing.then(() => prepare(settings, augmentation));
    warming = Promise.all([warming, preparing])
      .then(vectors)
      .catch(() => {}); // a search says by itself what is wrong
    return preparing;
  },

  async train(settings, augmentation) {
    await preparing;
    await warming; // other settings dispose of the model
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

  neighbors: async (index, count) => neighborsOf(await vectors(), index, count),
  duplicates: async (similarity) => duplicateGroups(await vectors(), similarity),

  subset: async (count) => diverseSubset(await vectors(), count),

  async probe(labels) {
    named = await nameTheRest(await vectors(), labels);
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
      return exportFile(kind, { simclr, readout, pictures: session.pictures, vectors, named });
    });
  },
};

/** Answers the page's calls. */
export function serveTrainer(): void {
  say = serve(commands as never);
}
