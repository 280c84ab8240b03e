import type { History } from 'simclr-ts';
import { counted } from '../table.js';
import type { DiskUse } from './disk-use.js';

/** Loss and speed of the steps of this call; `null` if there were none. */
export function summarize({ steps }: History, batchSize: number) {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return { loss: null, pairsPerSecond: null };
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const pairs = steps.reduce((sum, step) => sum + step.pairs, 0);
  return {
    loss: { first: first.loss, last: last.loss, chance: Math.log(2 * batchSize - 1) },
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
    const { first, last, chance } = loss;
    lines.push(
      `loss            ${first.toFixed(4)} to ${last.toFixed(4)} (${chance.toFixed(4)} is guessing)`,
    );
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
