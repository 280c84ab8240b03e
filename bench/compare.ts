import { interleave, type MeasureOptions, type Memory, type Timings, type Worker } from './measure.js';
import type { Row } from './rows.js';
import type { Side } from './side.js';
import { median, quartiles } from './statistics.js';
import { amountOf, unitOf } from './work.js';

/** A measured row, as in the JSON file. */
export interface Result {
  name: string;
  /** Ours: the median of the rounds, in `unit`. */
  value: number;
  unit: string;
  /** Name of the baseline. */
  baseline: string;
  /**
   * Our speed over the baseline's, more is better; of overhead and memory our time or megabytes over the baseline's.
   */
  ratio: number;
  /** The baseline's median, in `unit`. */
  baselineValue: number;
  /** Name of ours. */
  ours: string;
  /** First and third quartile of the rounds. */
  spread: { value: [number, number]; baseline: [number, number]; ratio: [number, number] };
  rounds: number;
}

/** Kinds of work that are measured in the first run. */
const once: MeasureOptions = { rounds: 1, warmups: 0 };

/** Share of a step that the augmentations may take. */
const allowedShare = 0.1;

/** The figures of a row, from the seconds of every round. */
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
  if (row.figure === 'overhead') {
    const each = (side: Side, seconds: number[]) => seconds.map((time) => time / amountOf(side.work));
    const ours = each(row.ours, timings.ours);
    const baseline = each(row.baseline, timings.baseline);
    return {
      value: median(ours),
      baselineValue: median(baseline),
      ratio: median(ours) / median(baseline),
      spread: {
        value: quartiles(ours),
        baseline: quartiles(baseline),
        ratio: quartiles(ours.map((time, round) => time / baseline[round]!)),
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
 * Peak memory, compared with what the baseline, which holds its whole batch, would take for as many pictures as ours.
 */
export function memoryFigures(
  row: Row,
  ours: Memory,
  baseline: Memory,
): Pick<Result, 'value' | 'baselineValue' | 'ratio' | 'spread'> {
  const times = amountOf(row.ours.work) / amountOf(row.baseline.work);
  const value = ours.peak;
  const baselineValue = baseline.prepared + (baseline.peak - baseline.prepared) * times;
  const ratio = value / baselineValue;
  return {
    value,
    baselineValue,
    ratio,
    spread: { value: [value, value], baseline: [baselineValue, baselineValue], ratio: [ratio, ratio] },
  };
}

/**
 * Measures one row: starts one process per side, times them in turns, and ends both.
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
      const isMemory = row.figure === 'memory';
      // Memory peaks in the first run, so there are no rounds.
      const timings = await interleave(ours, baseline, isMemory ? once : options);
      const { value, baselineValue, ratio, spread } = isMemory
        ? memoryFigures(row, ours.memory, baseline.memory)
        : figuresOf(row, timings);
      const share = row.figure === 'share';
      const units = { share: 'share of a step', overhead: 's/pair', memory: 'MB' } as const;
      return {
        name: row.name,
        value,
        unit: row.figure === 'speed' ? unitOf(row.ours.work) : units[row.figure],
        baseline: share
          ? `${allowedShare} of a step`
          : isMemory
            ? `${baseline.label}, whole batch, extrapolated`
            : baseline.label,
        ratio,
        baselineValue,
        ours: ours.label,
        spread,
        rounds: isMemory ? once.rounds : options.rounds,
      };
    } finally {
      await baseline.close();
    }
  } finally {
    await ours.close();
  }
}
