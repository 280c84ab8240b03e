import type { History } from 'simclr-ts';
import type { LossName } from 'simclr-ts/losses';
import { counted } from '../table.js';
import type { DiskUse } from './disk-use.js';

const meanOf = (losses: readonly { loss: number }[]) =>
  losses.reduce((sum, { loss }) => sum + loss, 0) / losses.length;

/** Where the loss began and ended: means, because that of a single step says little. */
function lossOf({ epochs, steps }: History) {
  const whole = epochs.filter(({ partial }) => !partial);
  if (whole.length >= 2) return { first: whole[0]!.loss, last: whole.at(-1)!.loss, over: 'epoch' };
  const tenth = Math.ceil(steps.length / 10);
  return { first: meanOf(steps.slice(0, tenth)), last: meanOf(steps.slice(-tenth)), over: 'tenth' };
}

/** Loss and speed of this call; `null` if there were no steps. What guessing gives is known of NT-Xent. */
export function summarize(history: History, batchSize: number, loss: LossName = 'ntXent') {
  const { steps } = history;
  if (steps.length === 0) return { loss: null, pairsPerSecond: null };
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const pairs = steps.reduce((sum, step) => sum + step.pairs, 0);
  return {
    loss: { ...lossOf(history), chance: loss === 'ntXent' ? Math.log(2 * batchSize - 1) : null },
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
    const { first, last, over, chance } = loss;
    const change = `${first.toFixed(4)} to ${last.toFixed(4)}`;
    const guessing = chance === null ? '' : ` (${chance.toFixed(4)} is guessing)`;
    lines.push(`loss            ${change}, means of the first and last ${over}${guessing}`);
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

const megabytes = (bytes: number) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

function describeDisk({ all, checkpoints }: DiskUse): string {
  if (checkpoints === 0) return megabytes(all);
  return `${megabytes(all)}, of which you can delete the folder checkpoints (${megabytes(checkpoints)})`;
}
