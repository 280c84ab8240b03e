import { mkdir } from 'node:fs/promises';
import { type Callback, checkpoint, type FitOptions, type SimCLR } from 'simclr-ts';
import { doctor, type Finding } from 'simclr-ts/doctor';
import {
  type DatasetContents,
  directory,
  onInterrupt,
  progressBar,
  runDirectory,
  tensorBoard,
} from 'simclr-ts/node';
import { type EvaluationPictures, recordLosses } from 'simclr-ts/report';
import type { CountsBefore } from '../../../training/callbacks/counts-before.js';
import type { Action } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { checkpointsOf, holdsModel, loadModel, startBackend } from '../open-model.js';
import { counted } from '../table.js';
import { tellSkipped } from '../tell-skipped.js';
import { diskUse } from './disk-use.js';
import { earlyEpochsOf, newTrainer, trainInParts } from './early-stages.js';
import { evaluationJSON, evaluationTable } from './evaluation-table.js';
import { initialize } from './initialize.js';
import { type MeasuringOptions, measuredTraining, prepareReport } from './measured-training.js';
import { datasetSource, findDataset } from './pictures/dataset-source.js';
import { folderSource } from './pictures/folder-source.js';
import type { MeasuringPictures, MeasuringSizes } from './pictures/training-pictures.js';
import {
  healthWhileTraining,
  picturesWhileTraining,
  qualityWhileTraining,
} from './quality-while-training.js';
import { saveSettings, settingsText, type TrainingSettings } from './saved-settings.js';
import { applyStart, readStart } from './starting-weights.js';
import { fitTrainedReadout } from './trained-readout.js';
import { describeRun, summarize } from './training-report.js';
import { newSettings, resumedSettings, settingsFor, type TrainingOptions } from './training-settings.js';

interface TrainOptions extends TrainingOptions, MeasuringOptions, MeasuringSizes {
  minutes?: number;
  /** Whether to fit a read-out at the end. */
  readout: boolean;
  /** Folder of labeled test pictures. */
  test?: string;
  /** Folder of labeled pictures to measure while training. */
  val?: string;
  checkpointEvery: number;
  keep: number;
  cacheMb: number;
  /** Folder of event files for TensorBoard. */
  logDir?: string;
  backend?: string;
  resume?: boolean;
  overwrite?: boolean;
  /** Whether to write a line per minute where there is no terminal. */
  watch?: boolean;
}

/** @throws {@link CommandError} for options about labels where there are none. */
function checkLabels(source: string, dataset: DatasetContents | undefined, options: TrainOptions): void {
  const { report, test, val, labelEfficiency } = options;
  for (const [flag, folder] of Object.entries({ test, val })) {
    if (!dataset || folder === undefined) continue;
    throw new CommandError(
      `--${flag} is for a folder of pictures: ${JSON.stringify(source)} has the test pictures of ${dataset.name}.`,
      exitCodes.usage,
    );
  }
  const given = test !== undefined ? '--test' : labelEfficiency ? '--label-efficiency' : undefined;
  if (given !== undefined && report === undefined) {
    throw new CommandError(`${given} is part of the page. Add --report FILE.`, exitCodes.usage);
  }
  if (labelEfficiency && !(dataset?.test || test !== undefined)) {
    throw new CommandError(
      '--label-efficiency needs labels: a data set with labels, or class folders and --test DIR.',
      exitCodes.usage,
    );
  }
}

async function checkOut({ out, resume, overwrite, from }: TrainOptions): Promise<void> {
  if (resume && from !== undefined) {
    throw new CommandError('--from starts a run and --resume continues one: choose one.', exitCodes.usage);
  }
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
      `${JSON.stringify(out)} already holds a model. Continue it with --resume, replace it with --overwrite, or give another folder with --out.`,
      exitCodes.usage,
    );
  }
}

/** Fewer epochs than the run has completed would change its plan and train nothing. */
function checkEpochs({ epochs, out }: TrainOptions, settings: TrainingSettings, simclr: SimCLR): void {
  const { progress, projectFrom } = simclr;
  const before = projectFrom === null ? earlyEpochsOf(settings) : 0;
  const done = before + progress.epoch + (progress.batch > 0 ? 1 : 0);
  if (epochs === undefined || epochs >= done) return;
  const behind = progress.batch > 0 ? `is in its epoch ${done}` : `has completed ${counted(done, 'epoch')}`;
  throw new CommandError(
    `--epochs counts the whole run, and the run in ${JSON.stringify(out)} ${behind}. Received: --epochs ${epochs}.`,
    exitCodes.usage,
  );
}

/** What the report says of a read-out. */
function readoutOf({ readout, readoutStatus }: SimCLR) {
  if (!readout || readoutStatus !== 'current') return null;
  const { dim, pictures, explainedVariance } = readout;
  const stages = readout.stages.map(({ layer, grid, weight }) => ({ layer, grid, weight }));
  return { stages, dim, pictures, explainedVariance };
}

/** `train SOURCE`: trains on a folder of pictures or a data set. The model is in --out whatever ended the run. */
export const train: Action<TrainOptions> = async ([source], given, context) => {
  await checkOut(given);
  const start = await readStart(given, context);
  const { options } = start;
  const { out, minutes, checkpointEvery, keep, logDir } = options;
  if (options.resume) await runDirectory(out).settle();
  await prepareReport(options);
  const resumed = options.resume ? await resumedSettings(out, options, context) : undefined;
  const dataset = await findDataset(source!, options.limit ?? resumed?.limit ?? undefined, context);
  const ownSize = dataset && Math.max(...dataset.images.shape.slice(1, 3));
  const planned = resumed ?? newSettings(options, context, ownSize);
  const found = dataset ? datasetSource(dataset, options) : await folderSource(source!, planned, options);
  checkLabels(source!, dataset, options);
  let settings = settingsFor(planned, found.count, options, context);
  const began = planned.recipe.training.datasetSize;
  if (options.resume && began !== found.count) {
    context.warn(
      `There are ${found.count} pictures and the run in ${out} began with ${began}: it continues with others.`,
    );
  }
  const pictures = await found.open(settings);
  let simclr: SimCLR | undefined;
  let trained: SimCLR | undefined;
  const interrupt = onInterrupt();
  try {
    const { microBatchSize } = settings;
    const { training } = settings.recipe;
    const { batchSize } = training;
    await mkdir(out, { recursive: true });
    const backend = start.backend ?? (await startBackend(options.backend, context));
    if (options.resume) {
      simclr = await loadModel(out, context);
      checkEpochs(options, settings, simclr);
      await saveSettings(out, settings);
    } else {
      [simclr, settings] = newTrainer(settings, context);
      if (start.weights) applyStart(simclr, start, context);
      else await initialize(simclr, settings, pictures, context);
      const untrained = simclr;
      await runDirectory(out).begin(settingsText(settings), (target) => untrained.save(target));
    }
    context.note(simclr.summary());

    const findings: Finding[] = [];
    const callbacks: Callback[] = [
      checkpoint(checkpointsOf(out), { everySteps: checkpointEvery, keep }),
      doctor({
        onFinding(finding) {
          findings.push(finding);
          context.warn(`${finding.message} ${finding.remedy}`);
        },
      }),
      tellSkipped(pictures, settings, out, context),
      progressBar({
        quiet: options.watch ? options.quiet === true : context.quiet,
        ...(options.watch && { everySeconds: 60 }),
      }),
    ];
    const isSampled = logDir !== undefined || options.report !== undefined;
    const sample = isSampled ? await pictures.sample() : undefined;
    const projector = logDir !== undefined && sample ? { images: sample } : undefined;
    const callbacksOf = (
      before: CountsBefore,
      share: number,
      validation: EvaluationPictures | undefined,
    ): Callback[] => [
      recordLosses(out, { before }),
      ...callbacks,
      ...(sample && sample.shape[0] > 1
        ? [healthWhileTraining(out, sample, { before, share }, context)]
        : []),
      ...(validation ? [qualityWhileTraining(out, validation, { before, share }, context)] : []),
      ...(projector ? [tensorBoard(logDir!, { projector, before })] : []),
    ];
    const fit: FitOptions = {
      batchSize,
      ...(microBatchSize !== null && { microBatchSize }),
      resume: true, // of a new model: from the beginning
      allowChanges: true, // settings were compared above, and a different number of pictures was reported
      signal: interrupt.signal,
    };
    const trainer = simclr;
    const title = `SimCLR on ${dataset?.name ?? source}`;
    let [earlySteps, step] = [0, 0];
    const run = async (labeled: MeasuringPictures | undefined) => {
      const validation = await picturesWhileTraining(pictures, labeled);
      const ended = await trainInParts(trainer, {
        settings,
        pictures,
        out,
        context,
        train: (part, limits, before, share) =>
          part.fit(pictures.dataset, {
            ...fit,
            ...limits,
            callbacks: callbacksOf(before, share, validation),
          }),
        limits: { epochs: training.epochs, minutes },
      });
      trained = ended.trainer;
      ({ earlySteps, step } = ended);
      await trained.save(directory(out));
      if (options.readout && (await fitTrainedReadout(trained, ended.history, pictures, context))) {
        await trained.save(directory(out));
      }
      if (!context.isGiven('keep')) await runDirectory(out).end();
      return ended.history;
    };
    const measured = await measuredTraining(simclr, pictures, settings, { ...options, title }, run, context);
    const { history, evaluation } = measured;
    const report = {
      model: out,
      outcome: history.outcome,
      ...(history.reason !== undefined && { reason: history.reason }),
      backend: backend.name,
      backendDetails: backend.details,
      pictures: pictures.whole,
      skipped: pictures.skipped,
      batchSize,
      step,
      epochs: history.epochs.map(({ epoch, loss, seconds, partial }) => ({ epoch, loss, seconds, partial })),
      ...summarize(history, batchSize, { loss: settings.loss, earlySteps }),
      effectiveRank: { ...measured.effectiveRank, dim: simclr.encoder.outputs[0]!.shape[1]! },
      readout: readoutOf(trained!),
      disk: await diskUse(out),
      findings,
      ...(evaluation && { evaluation: evaluationJSON(evaluation) }),
      ...(measured.report !== undefined && { report: measured.report }),
    };
    const text = [
      describeRun(report),
      ...(evaluation?.after ? ['', evaluationTable(evaluation)] : []),
      ...(measured.report === undefined ? [] : ['', `report: ${measured.report}`]),
    ].join('\n');
    return { text, json: report, exitCode: interrupt.exitCode ?? exitCodes.success };
  } finally {
    interrupt.dispose();
    if (trained !== simclr) trained?.dispose();
    simclr?.dispose();
    await pictures.close();
  }
};
