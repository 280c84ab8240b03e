import { compareRuns, readRun, runReport, writeComparison, writeReport } from 'simclr-ts/report';
import type { Action } from '../context.js';

interface ReportOptions {
  out: string;
}

/** `report RUN [OTHER]`: a page made from the folders of runs, without a model or pictures. */
export const report: Action<ReportOptions> = async ([dir, otherDir], { out }) => {
  const run = await readRun(dir!);
  if (otherDir === undefined) {
    const page = await writeReport(out, runReport(run));
    const { evaluation } = run;
    return {
      text: `report: ${page}${evaluation ? '' : ' (without accuracies: `simclr-ts evaluate DIR` measures them)'}`,
      json: { report: page, run: dir, steps: run.losses.length, evaluated: evaluation !== null },
    };
  }
  const other = await readRun(otherDir);
  const page = await writeComparison(out, run, other);
  const { metrics, settings } = compareRuns(run, other);
  return { text: `report: ${page}`, json: { report: page, runs: [dir, otherDir], metrics, settings } };
};
