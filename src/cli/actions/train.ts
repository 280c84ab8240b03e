import { mkdir } from 'node:fs/promises';
import {
  type Callback,
  checkpoint,
  type FitOptions,
  type History,
  type ImageDataset,
  SimCLR,
} from 'simclr-ts';
import { cache } from 'simclr-ts/data';
import { doctor, type Finding } from 'simclr-ts/doctor';
import { embeddingHealth } from 'simclr-ts/evaluation';
import {
  directory,
  imageFolder,
  onInterrupt,
  progressBar,
  readImageFolder,
  type SkippedImage,
} from 'simclr-ts/node';
import type { Action, Context } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { holdsModel, startBackend } from './open-model.js';
import { type DecodedChunk, decodeInChunks, warnOfSkipped } from './pictures.js';
import {
  newSettings,
  resumedSettings,
  saveSettings,
  type TrainingOptions,
  type TrainingSettings,
} from './training-settings.js';

interface TrainOptions extends TrainingOptions {
  out: string;
  minutes?: number;
  microBatchSize?: number;
  checkpointEvery: number;
  cacheMb: number;
  backend?: string;
  resume?: boolean;
  overwrite?: boolean;
}

/** The pictures of a run. */
interface Pictures {
  dataset: ImageDataset;
  count: number;
  /** Files that were found to be no pictures so far. */
  skipped: readonly SkippedImage[];
  /** Some of them, to measure the rank on. */
  sample: DecodedChunk['images'];
  close(): Promise<void>;
}

const sampleSize = 256;

async function openPictures(
  dir: string,
  settings: TrainingSettings,
  options: TrainOptions,
): Promise<Pictures> {
  const [height, width] = settings.recipe.encoder.inputShape;
  const size = [height, width] as const;
  const limit = settings.limit === null ? {} : { limit: settings.limit };
  const folder = await imageFolder(dir, {
    size,
    ...limit,
    cache: cache({ maxBytes: options.cacheMb * 2 ** 20 }),
  });
  const { paths } = folder;
  const step = Math.max(1, paths.length / sampleSize);
  const chosen = Array.from(
    { length: Math.min(sampleSize, paths.length) },
    (_, i) => paths[Math.floor(i * step)]!,
  );
  const { value: chunk } = await decodeInChunks(chosen, size, sampleSize).next();
  const { images, skipped } = chunk as DecodedChunk;
  if (images.shape[0] < 2) {
    const first = skipped.length > 0 ? ` The first that is none: ${skipped[0]!.reason}` : '';
    throw new CommandError(
      `${JSON.stringify(dir)} must hold at least 2 whole pictures. Received: ${images.shape[0]} of ${chosen.length} files.${first}`,
      exitCodes.files,
    );
  }
  if (options.microBatchSize !== undefined) {
    // Micro-batches must all be of one size; a damaged file would leave a hole in one.
    const contents = await readImageFolder(dir, { size, ...limit });
    const { images: dataset } = contents;
    return {
      dataset,
      count: dataset.shape[0],
      skipped: contents.skipped,
      sample: images,
      close: async () => {},
    };
  }
  return {
    dataset: folder,
    count: folder.size,
    skipped: folder.skipped,
    sample: images,
    close: () => folder.close(),
  };
}

/** How many directions the representations of some pictures use. */
async function rankOf(simclr: SimCLR, sample: Pictures['sample']): Promise<number> {
  const h = await simclr.embed(sample);
  try {
    return (await embeddingHealth(h)).effectiveRank;
  } finally {
    h.dispose();
  }
}

function stopAfter(minutes: number): Callback {
  const began = performance.now();
  return {
    onStepEnd(_, { stop }) {
      if (performance.now() - began >= minutes * 60_000) stop(`${minutes} minutes are over`);
    },
  };
}

/** Warns of damaged files once all have been seen. */
function tellSkipped(pictures: Pictures, context: Context): Callback {
  let told = false;
  return {
    onEpochEnd() {
      if (!told) warnOfSkipped(pictures.skipped, context);
      told = true;
    },
  };
}

async function startTrainer(
  { resume, out }: TrainOptions,
  { recipe, seed }: TrainingSettings,
  batchSize: number,
): Promise<SimCLR> {
  if (resume) return SimCLR.load(directory(out));
  return new SimCLR({ ...recipe, training: { ...recipe.training, batchSize }, seed });
}

async function checkOut({ out, resume, overwrite }: TrainOptions): Promise<void> {
  if (resume && overwrite) {
    throw new CommandError('--resume goes on and --overwrite begins anew: choose one.', exitCodes.usage);
  }
  const isThere = await holdsModel(out);
  if (resume && !isThere) {
    throw new CommandError(
      `--resume needs the model of an earlier run, and there is none in ${JSON.stringify(out)}.`,
      exitCodes.model,
    );
  }
  if (isThere && !resume && !overwrite) {
    throw new CommandError(
      `${JSON.stringify(out)} holds a model already. Go on with --resume, replace it with --overwrite, or give another folder with --out.`,
      exitCodes.usage,
    );
  }
}

/** `train DIR`: trains on a folder of pictures; the model is in --out whatever ended the run. */
export const train: Action<TrainOptions> = async ([dir], options, context) => {
  const { out, minutes, microBatchSize, checkpointEvery } = options;
  await checkOut(options);
  let settings = options.resume
    ? await resumedSettings(out, options, context)
    : newSettings(options, context);
  const pictures = await openPictures(dir!, settings, options);
  let simclr: SimCLR | undefined;
  const interrupt = onInterrupt();
  try {
    const planned = options.resume ? settings.recipe.training.datasetSize : pictures.count;
    if (planned !== pictures.count) {
      context.warn(
        `The folder has ${pictures.count} pictures and the run in ${out} began with ${planned}: it goes on with others.`,
      );
    }
    settings = planFor(settings, pictures.count);
    const { training } = settings.recipe;
    const batchSize = Math.min(training.batchSize, pictures.count);
    if (batchSize < training.batchSize) {
      context.note(`Batches of ${batchSize} instead of ${training.batchSize}: there are no more pictures.`);
    }
    await mkdir(out, { recursive: true });
    const backend = await startBackend(options.backend, context);
    simclr = await startTrainer(options, settings, batchSize);
    await saveSettings(out, settings);
    context.note(simclr.summary());

    const before = await rankOf(simclr, pictures.sample);
    const findings: Finding[] = [];
    const callbacks: Callback[] = [
      checkpoint(directory(out), { everySteps: checkpointEvery }),
      doctor({
        onFinding(finding) {
          findings.push(finding);
          context.warn(`${finding.message} ${finding.remedy}`);
        },
      }),
      tellSkipped(pictures, context),
      progressBar({ quiet: context.quiet }),
    ];
    if (minutes !== undefined) callbacks.push(stopAfter(minutes));
    const fit: FitOptions = {
      epochs: training.epochs,
      batchSize,
      ...(microBatchSize !== undefined && { microBatchSize }),
      resume: true, // of a new model: from the beginning
      signal: interrupt.signal,
      callbacks,
    };
    const history = await simclr.fit(pictures.dataset, fit);
    // Whoever interrupts wants to get away.
    const after = interrupt.signal.aborted ? null : await rankOf(simclr, pictures.sample);
    const report = {
      model: out,
      outcome: history.outcome,
      ...(history.reason !== undefined && { reason: history.reason }),
      backend,
      pictures: pictures.count - pictures.skipped.length,
      skipped: pictures.skipped,
      batchSize,
      step: simclr.progress.step,
      epochs: history.epochs.map(({ epoch, loss, seconds, partial }) => ({ epoch, loss, seconds, partial })),
      ...summary(history, batchSize),
      effectiveRank: { before, after, dim: simclr.encoder.outputs[0]!.shape[1]! },
      findings,
    };
    const exitCode = interrupt.signal.aborted ? signalCode(interrupt.signal) : exitCodes.success;
    return { text: describe(report), json: report, exitCode };
  } finally {
    interrupt.dispose();
    simclr?.dispose();
    await pictures.close();
  }
};

/** A learning rate is planned from the number of pictures. */
function planFor(settings: TrainingSettings, datasetSize: number): TrainingSettings {
  const { recipe } = settings;
  return { ...settings, recipe: { ...recipe, training: { ...recipe.training, datasetSize } } };
}

/** What a shell gives for the signal that ended the run. */
function signalCode({ reason }: AbortSignal): number {
  return (reason as Error).message.endsWith('SIGTERM') ? 143 : 130;
}

function summary({ steps }: History, batchSize: number) {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return { loss: null, pairsPerSecond: null };
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const pairs = steps.reduce((sum, step) => sum + step.pairs, 0);
  return {
    loss: { first: first.loss, last: last.loss, chance: Math.log(2 * batchSize - 1) },
    pairsPerSecond: pairs / seconds,
  };
}

function describe(
  report: ReturnType<typeof summary> & {
    model: string;
    outcome: string;
    reason?: string;
    step: number;
    pictures: number;
    effectiveRank: { before: number; after: number | null; dim: number };
  },
): string {
  const { model, outcome, reason, step, loss, pairsPerSecond, effectiveRank, pictures } = report;
  if (!loss && outcome === 'completed') {
    return `Nothing left to train: the run in ${model} has had its epochs. Give it more with --epochs.`;
  }
  const { before, after, dim } = effectiveRank;
  const ended = {
    aborted: `Interrupted after ${step} steps; go on with --resume.`,
    stopped: `Ended after ${step} steps: ${reason}. Go on with --resume.`,
  }[outcome];
  const lines = [ended ?? `Trained for ${step} steps on ${pictures} pictures.`];
  if (loss) {
    const { first, last, chance } = loss;
    lines.push(
      `loss            ${first.toFixed(4)} to ${last.toFixed(4)} (${chance.toFixed(4)} is guessing)`,
    );
    lines.push(`speed           ${pairsPerSecond.toFixed(1)} pictures a second`);
  }
  if (after !== null) lines.push(`effective rank  ${before.toFixed(1)} to ${after.toFixed(1)} of ${dim}`);
  return [...lines, `model           ${model}`].join('\n');
}
