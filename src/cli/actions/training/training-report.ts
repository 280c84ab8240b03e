import type { History } from 'simclr-ts';
import type { LossName } from 'simclr-ts/losses';
import { counted } from '../table.js';
import type { DiskUse } from './disk-use.js';

const meanOf = (losses: readonly { loss: number }[]) =>
  losses.reduce((sum, { loss }) => sum + loss, 0) / losses.length;

/** Steps and epochs of a part of a run. */
type PartOfHistory = Pick<History, 'epochs' | 'steps'>;

/** Steps and epochs of the early stages, and those of what was trained after them. */
function splitHistory({ epochs, steps }: History, earlySteps: number): [PartOfHistory, PartOfHistory] {
  const later = steps.slice(earlySteps);
  const isLater = ({ epoch }: { epoch: number }) => later.length > 0 && epoch >= later[0]!.epoch;
  return [
    { steps: steps.slice(0, earlySteps), epochs: epochs.filter((epoch) => !isLater(epoch)) },
    { steps: later, epochs: epochs.filter(isLater) },
  ];
}

/** Where the loss began and ended: means, because that of a single step says little. */
function lossOf({ epochs, steps }: PartOfHistory) {
  const whole = epochs.filter(({ partial }) => !partial);
  if (whole.length >= 2) return { first: whole[0]!.loss, last: whole.at(-1)!.loss, over: 'epoch' };
  const tenth = Math.ceil(steps.length / 10);
  return { first: meanOf(steps.slice(0, tenth)), last: meanOf(steps.slice(-tenth)), over: 'tenth' };
}

/**
 * Loss and speed of this call; `null` if there were no steps. What guessing gives is known of NT-Xent.
 *
 * @param earlySteps - Steps of the early stages. Their loss is that of another network, so that the two are not compared.
 */
export function summarize(
  history: History,
  batchSize: number,
  { loss = 'ntXent', earlySteps = 0 }: { loss?: LossName | undefined; earlySteps?: number } = {},
) {
  const { steps } = history;
  if (steps.length === 0) return { loss: null, pairsPerSecond: null };
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const pairs = steps.reduce((sum, step) => sum + step.pairs, 0);
  const [early, later] = splitHistory(history, earlySteps);
  const isEarlyAlone = later.steps.length === 0;
  return {
    loss: {
      ...lossOf(isEarlyAlone ? early : later),
      ...(earlySteps > 0 && !isEarlyAlone && { earlyStages: lossOf(early) }),
      chance: loss === 'ntXent' ? Math.log(2 * batchSize - 1) : null,
    },
    pairsPerSecond: pairs / seconds,
  };
}

/** Summary of a run as text. */
export function describeRun(
  report: ReturnType<typeof summarize> & {
    model: string;
    backend: string;
    backendDetails: string;
    outcome: string;
    reason?: string;
    step: number;
    pictures: number;
    effectiveRank: { before: number; after: number | null; dim: number };
    readout: { stages: { layer: string; grid: number }[]; dim: number; pictures: number } | null;
    disk: DiskUse;
  },
): string {
  const {
    model,
    backend,
    backendDetails,
    outcome,
    reason,
    step,
    loss,
    pairsPerSecond,
    effectiveRank,
    pictures,
    readout,
    disk,
  } = report;
  if (!loss && outcome === 'completed') {
    return `Nothing left to train: the run in ${model} has completed its epochs. Add more with --epochs.`;
  }
  const { before, after, dim } = effectiveRank;
  const ended = {
    aborted: `Interrupted after ${counted(step, 'step')}; continue with --resume.`,
    stopped: `Ended after ${counted(step, 'step')}: ${reason}. Continue with --resume.`,
  }[outcome];
  const lines = [ended ?? `Trained for ${counted(step, 'step')} on ${pictures} pictures.`];
  if (loss) {
    const guessing = loss.chance === null ? '' : ` (${loss.chance.toFixed(4)} is guessing)`;
    if (loss.earlyStages) lines.push(`early stages    loss ${describeLoss(loss.earlyStages)}`);
    lines.push(`loss            ${describeLoss(loss)}${guessing}`);
    lines.push(`speed           ${pairsPerSecond.toFixed(1)} pictures per second`);
  }
  lines.push(`backend         ${backend}: ${backendDetails}`);
  if (after !== null) lines.push(`effective rank  ${before.toFixed(1)} to ${after.toFixed(1)} of ${dim}`);
  if (readout) {
    const read = readout.stages.map(({ layer, grid }) => `${layer} on ${grid}x${grid}`).join(', ');
    lines.push(
      `read-out        ${read}: ${readout.dim} numbers, fitted to ${counted(readout.pictures, 'picture')}`,
    );
  }
  return [...lines, `model           ${model}: ${describeDisk(disk)}`].join('\n');
}

const describeLoss = ({ first, last, over }: ReturnType<typeof lossOf>) =>
  `${first.toFixed(4)} to ${last.toFixed(4)}, means of the first and last ${over}`;

const megabytes = (bytes: number) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

function describeDisk({ all, checkpoints }: DiskUse): string {
  if (checkpoints === 0) return megabytes(all);
  return `${megabytes(all)}, of which you can delete the folder checkpoints (${megabytes(checkpoints)})`;
}
