import { interleave, type MeasureOptions, type Timings, type Worker } from './measure.js';
import type { Row, Side } from './rows.js';
import { median, quartiles } from './statistics.js';
import { amountOf, unitOf } from './work.js';

/** A measured row, as it stands in the JSON. */
export interface Result {
  name: string;
  /** Ours: the median of the rounds, in `unit`. */
  value: number;
  unit: string;
  /** What it is compared with. */
  baseline: string;
  /** Our speed over the baseline's; more is better. */
  ratio: number;
  /** The baseline's median, in `unit`. */
  baselineValue: number;
  /** What ours is. */
  ours: string;
  /** First and third quartile of the rounds. */
  spread: { value: [number, number]; baseline: [number, number]; ratio: [number, number] };
  rounds: number;
}

/** Share of a step that the augmentations may take. */
const allowedShare = 0.1;

/** The row's figures from the seconds of every round. */
export function figuresOf(
  row: Row,
  timings: Timings,
): Pick<Result, 'value' | 'baselineValue' | 'ratio' | 'spread'> {
  if (row.figure === 'share') {
    const shares = timings.ours.map((seconds, round) => seconds / timings.baseline[round]!);
    const value = median(timings.ours) / median(timings.baseline);
    return {
      value,
      baselineValue: allowedShare,
      ratio: allowedShare / value,
      spread: {
        value: quartiles(shares),
        baseline: [allowedShare, allowedShare],
        ratio: quartiles(shares.map((share) => allowedShare / share)),
      },
    };
  }
  const speeds = (side: Side, seconds: number[]) => seconds.map((time) => amountOf(side.work) / time);
  const ours = speeds(row.ours, timings.ours);
  const baseline = speeds(row.baseline, timings.baseline);
  const value = median(ours);
  const baselineValue = median(baseline);
  return {
    value,
    baselineValue,
    ratio: value / baselineValue,
    spread: {
      value: quartiles(ours),
      baseline: quartiles(baseline),
      ratio: quartiles(ours.map((speed, round) => speed / baseline[round]!)),
    },
  };
}

/**
 * Measures one row: starts one process a side, times them in turns, ends both.
 *
 * @param start - Starts the process of a side.
 */
export async function compare(
  row: Row,
  start: (side: Side) => Promise<Worker>,
  options: MeasureOptions,
): Promise<Result> {
  const ours = await start(row.ours);
  try {
    const baseline = await start(row.baseline);
    try {
      const { value, baselineValue, ratio, spread } = figuresOf(
        row,
        await interleave(ours, baseline, options),
      );
      const share = row.figure === 'share';
      return {
        name: row.name,
        value,
        unit: share ? 'share of a step' : unitOf(row.ours.work),
        baseline: share ? `${allowedShare} of a step` : baseline.label,
        ratio,
        baselineValue,
        ours: ours.label,
        spread,
        rounds: options.rounds,
      };
    } finally {
      await baseline.close();
    }
  } finally {
    await ours.close();
  }
}
