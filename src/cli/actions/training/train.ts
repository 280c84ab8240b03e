import { mkdir } from 'node:fs/promises';
import { type Callback, checkpoint, type FitOptions, type ImageArray, SimCLR } from 'simclr-ts';
import { doctor, type Finding } from 'simclr-ts/doctor';
import { embeddingHealth } from 'simclr-ts/evaluation';
import { directory, onInterrupt, progressBar, runDirectory } from 'simclr-ts/node';
import { recordLosses } from 'simclr-ts/report';
import type { Action, Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { checkpointsOf, holdsModel, loadModel, startBackend } from '../open-model.js';
import { counted } from '../table.js';
import { tellSkipped } from '../tell-skipped.js';
import { saveSettings, settingsText, type TrainingSettings } from './saved-settings.js';
import { openFolder, openPictures } from './training-pictures.js';
import { describeRun, summarize } from './training-report.js';
import { newSettings, resumedSettings, settingsFor, type TrainingOptions } from './training-settings.js';

interface TrainOptions extends TrainingOptions {
  out: string;
  minutes?: number;
  checkpointEvery: number;
  keep: number;
  cacheMb: number;
  backend?: string;
  resume?: boolean;
  overwrite?: boolean;
}

/** How many directions the representations of some pictures use. */
async function rankOf(simclr: SimCLR, sample: ImageArray): Promise<number> {
  const h = await simclr.embed(sample);
  try {
    return (await embeddingHealth(h)).effectiveRank;
  } finally {
    h.dispose();
  }
}

async function startTrainer(
  { resume, out }: TrainOptions,
  { recipe, seed }: TrainingSettings,
  context: Context,
): Promise<SimCLR> {
  if (resume) return loadModel(out, context);
  return new SimCLR({ ...recipe, seed });
}

async function checkOut({ out, resume, overwrite }: TrainOptions): Promise<void> {
  if (resume && overwrite) {
    throw new CommandError('--resume continues and --overwrite starts over: choose one.', exitCodes.usage);
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

/** Fewer epochs than the run has behind it would change its plan and train nothing. */
function checkEpochs({ epochs, out }: TrainOptions, { progress }: SimCLR): void {
  const done = progress.epoch + (progress.batch > 0 ? 1 : 0);
  if (epochs === undefined || epochs >= done) return;
  const behind = progress.batch > 0 ? `is in its epoch ${done}` : `has ${counted(done, 'epoch')} behind it`;
  throw new CommandError(
    `--epochs counts the whole run, and the one in ${JSON.stringify(out)} ${behind}. Received: --epochs ${epochs}.`,
    exitCodes.usage,
  );
}

/** `train DIR`: trains on a folder of pictures; the model is in --out whatever ended the run. */
export const train: Action<TrainOptions> = async ([dir], options, context) => {
  const { out, minutes, checkpointEvery, keep } = options;
  await checkOut(options);
  if (options.resume) await runDirectory(out).settle();
  let settings = options.resume
    ? await resumedSettings(out, options, context)
    : newSettings(options, context);
  const folder = await openFolder(dir!, settings, options.cacheMb * 2 ** 20);
  const planned = settings.recipe.training.datasetSize;
  settings = settingsFor(settings, folder.size, options, context);
  const pictures = await openPictures(dir!, folder, settings);
  // In memory only those are left that are whole.
  settings = settingsFor(settings, pictures.count, options, context);
  if (options.resume && planned !== pictures.count) {
    context.warn(
      `The folder has ${pictures.count} pictures and the run in ${out} began with ${planned}: it continues with others.`,
    );
  }
  let simclr: SimCLR | undefined;
  const interrupt = onInterrupt();
  try {
    const { microBatchSize } = settings;
    const { training } = settings.recipe;
    const { batchSize } = training;
    await mkdir(out, { recursive: true });
    const backend = await startBackend(options.backend, context);
    simclr = await startTrainer(options, settings, context);
    if (options.resume) {
      checkEpochs(options, simclr);
      await saveSettings(out, settings);
    } else {
      const untrained = simclr;
      await runDirectory(out).begin(settingsText(settings), (target) => untrained.save(target));
    }
    context.note(simclr.summary());

    const before = await rankOf(simclr, pictures.sample);
    const findings: Finding[] = [];
    const callbacks: Callback[] = [
      recordLosses(out),
      checkpoint(checkpointsOf(out), { everySteps: checkpointEvery, keep }),
      doctor({
        onFinding(finding) {
          findings.push(finding);
          context.warn(`${finding.message} ${finding.remedy}`);
        },
      }),
      tellSkipped(pictures, settings, out, context),
      progressBar({ quiet: context.quiet }),
    ];
    const fit: FitOptions = {
      epochs: training.epochs,
      batchSize,
      // --minutes are those of this call, and fit's those of the run.
      ...(minutes !== undefined && { minutes: minutes + simclr.progress.seconds / 60 }),
      ...(microBatchSize !== null && { microBatchSize }),
      resume: true, // of a new model: from the beginning
      allowChanges: true, // the settings were compared, and another number of pictures was told
      signal: interrupt.signal,
      callbacks,
    };
    const history = await simclr.fit(pictures.dataset, fit);
    await simclr.save(directory(out));
    // Whoever interrupts wants to get away.
    const after = interrupt.signal.aborted ? null : await rankOf(simclr, pictures.sample);
    const report = {
      model: out,
      outcome: history.outcome,
      ...(history.reason !== undefined && { reason: history.reason }),
      backend,
      pictures: pictures.whole,
      skipped: pictures.skipped,
      batchSize,
      step: simclr.progress.step,
      epochs: history.epochs.map(({ epoch, loss, seconds, partial }) => ({ epoch, loss, seconds, partial })),
      ...summarize(history, batchSize),
      effectiveRank: { before, after, dim: simclr.encoder.outputs[0]!.shape[1]! },
      findings,
    };
    return { text: describeRun(report), json: report, exitCode: interrupt.exitCode ?? exitCodes.success };
  } finally {
    interrupt.dispose();
    simclr?.dispose();
    await pictures.close();
  }
};
