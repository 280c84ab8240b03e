import { type AccuracyDifference, accuracyDifference } from '../evaluation/embedding-evaluation.js';
import type { FilePath } from '../node/files/file-path.js';
import type { RecipeValue } from '../recipes/recipe-values.js';
import { accuracyCell } from './charts/accuracies.js';
import { twoLossesChart } from './charts/loss-chart.js';
import { escapeHtml, factList, plural, points, whole } from './page/html.js';
import { htmlPage } from './page/page.js';
import { settingValues } from './page/settings.js';
import { writeText } from './page/write-text.js';
import { accuracyOf, batchSizeOf, type Run, type RunEvaluation } from './run-folder.js';

/** A setting in which two runs differ; `undefined` for a run without it. */
export interface SettingDifference {
  /** Such as `'optimizer.learningRate.base'`. */
  path: string;
  /** Value of the first run. */
  first: RecipeValue | undefined;
  /** Value of the second run. */
  second: RecipeValue | undefined;
}

/** One metric of two runs. */
export interface MetricComparison {
  /** The classifier whose accuracy is compared. */
  metric: 'knn' | 'linearProbe';
  /** Of the first run, from 0 to 1. */
  first: number;
  /** Of the second run. */
  second: number;
  /**
   * The second minus the first on the same pictures, with its 95 % interval; `null` if the runs were tested on different
   * pictures.
   */
  difference: AccuracyDifference | null;
}

/** Differences between two runs. */
export interface RunComparison {
  /** Settings that differ, in the first run's order. */
  settings: SettingDifference[];
  /** Accuracies, if both runs were evaluated. */
  metrics: MetricComparison[];
}

function settingDifferences(first: Run, second: Run): SettingDifference[] {
  const [own, others] = [settingValues(first.settings), settingValues(second.settings)];
  return [...new Set([...own.keys(), ...others.keys()])]
    .map((path) => ({ path, first: own.get(path), second: others.get(path) }))
    .filter((each) => JSON.stringify(each.first) !== JSON.stringify(each.second));
}

const sameList = (first: readonly unknown[], second: readonly unknown[]) =>
  first.length === second.length && first.every((value, i) => value === second[i]);

const isSameTest = (first: RunEvaluation, second: RunEvaluation) =>
  sameList(first.classNames, second.classNames) &&
  sameList(first.pictures, second.pictures) &&
  sameList(first.labels, second.labels);

/**
 * Compares two runs: settings that differ, and accuracies, with their paired difference if both were tested on the same
 * pictures.
 *
 * @param first - A result of `readRun`.
 * @param second - Another.
 * @example
 * const { settings } = compareRuns(await readRun('runs/a'), await readRun('runs/b'));
 */
export function compareRuns(first: Run, second: Run): RunComparison {
  const [own, other] = [first.evaluation, second.evaluation];
  const metrics: MetricComparison[] = [];
  if (own && other) {
    for (const metric of ['knn', 'linearProbe'] as const) {
      const [before, after] = [own.predictions[metric], other.predictions[metric]];
      metrics.push({
        metric,
        first: accuracyOf(before, own.labels),
        second: accuracyOf(after, other.labels),
        difference: isSameTest(own, other)
          ? accuracyDifference(Int32Array.from(after), Int32Array.from(before), Int32Array.from(own.labels))
          : null,
      });
    }
  }
  return { settings: settingDifferences(first, second), metrics };
}

const metricNames = { knn: 'k nearest neighbors', linearProbe: 'Linear probe' };

function metricSection(
  runs: readonly [Run, Run],
  names: readonly string[],
  metrics: MetricComparison[],
): string {
  const [first, second] = runs.map(({ evaluation }) => evaluation);
  if (!first || !second) {
    const missing = names.filter((_, i) => !runs[i]!.evaluation).map(escapeHtml);
    return `<section><h2>Accuracy</h2><p class="note">Nothing to compare: ${missing.join(' and ')} ${missing.length > 1 ? 'have' : 'has'} not been evaluated.</p></section>`;
  }
  const rows = metrics.map(({ metric, difference, ...shares }) => {
    const sure = difference && (difference.low > 0 || difference.high < 0);
    const paired = difference
      ? `<span class="figure">${points(difference.difference)}</span><small class="range">${points(difference.low)} to ${points(difference.high)}</small><small class="verdict">${sure ? 'beyond chance' : 'may be chance'}</small>`
      : '\u2013';
    return `<tr><th scope="row">${metricNames[metric]}</th>
${accuracyCell(escapeHtml(names[0]!), shares.first, first.labels.length)}
${accuracyCell(escapeHtml(names[1]!), shares.second, second.labels.length)}
<td data-label="Difference in points">${paired}</td></tr>`;
  });
  const note = metrics[0]!.difference
    ? `Both on the same ${plural(first.labels.length, 'test picture')}. The difference is the second run minus the first in percentage points, with its paired 95 % interval.`
    : 'The runs were tested on different pictures, so that there is no paired difference; compare their intervals.';
  return `<section><h2>Accuracy</h2><p class="note">${note}</p>
<table class="figures"><thead><tr><th scope="col">Measure</th><th scope="col">${escapeHtml(names[0]!)}</th><th scope="col">${escapeHtml(names[1]!)}</th><th scope="col">Difference</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></section>`;
}

function show(value: RecipeValue | undefined): string {
  if (value === undefined) return '\u2013';
  if (typeof value === 'number') return String(Number(value.toPrecision(7)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function settingsSection(
  runs: readonly [Run, Run],
  names: readonly string[],
  differences: SettingDifference[],
): string {
  const missing = names.filter((_, i) => runs[i]!.settings === null).map(escapeHtml);
  const rows = differences.map(
    ({ path, first, second }) =>
      `<tr><th scope="row">${escapeHtml(path)}</th><td>${escapeHtml(show(first))}</td><td>${escapeHtml(show(second))}</td></tr>`,
  );
  const body =
    missing.length > 0
      ? `<p class="note">The settings of ${missing.join(' and ')} are unknown: there is no training.json.</p>`
      : rows.length === 0
        ? '<p class="note">None: both runs have the same settings.</p>'
        : `<div class="scroll"><table class="settings"><thead><tr><th scope="col">Setting</th><th scope="col">${escapeHtml(names[0]!)}</th><th scope="col">${escapeHtml(names[1]!)}</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  return `<section><h2>Settings that differ</h2>${body}</section>`;
}

function describeRun(run: Run): string {
  const { losses } = run;
  if (losses.length === 0) return 'no steps recorded';
  const pairs = losses.reduce((sum, step) => sum + step.pairs, 0);
  return `${plural(losses.length, 'step')} of ${whole(batchSizeOf(run))}, ${whole(pairs)} pictures seen`;
}

/** The names of the folders, numbered if they are the same. */
function namesOf([first, second]: readonly [Run, Run]): [string, string] {
  return first.name === second.name
    ? [`${first.name} (first)`, `${second.name} (second)`]
    : [first.name, second.name];
}

/**
 * Writes an HTML page that compares two runs: both loss curves over the pictures seen, accuracies side by side with their
 * paired difference, and the settings that differ. The page is self-contained, like that of `writeReport`.
 *
 * @param path - The file to write. Missing folders are created.
 * @param first - A result of `readRun`.
 * @param second - Another.
 * @returns The path.
 * @throws `DataError` when the file cannot be written.
 * @throws `SimCLRError` when `d3-scale` or `d3-shape` is not installed.
 * @example
 * await writeComparison('comparison.html', await readRun('runs/a'), await readRun('runs/b'));
 */
export async function writeComparison(path: FilePath, first: Run, second: Run): Promise<string> {
  const runs = [first, second] as const;
  const names = namesOf(runs);
  const { settings, metrics } = compareRuns(first, second);
  const title = `${names[0]} and ${names[1]}`;
  const curves = runs.map((run, i) => ({
    name: names[i]!,
    losses: run.losses,
    batchSize: batchSizeOf(run),
  })) as unknown as Parameters<typeof twoLossesChart>[0];
  const parts = [
    `<header><h1>${escapeHtml(title)}</h1>${factList({ [names[0]]: describeRun(first), [names[1]]: describeRun(second) })}</header>`,
    metricSection(runs, names, metrics),
    `<section><h2>Loss</h2>
<p class="note">NT-Xent in nats over the pictures seen. It grows with the batch size, so compare losses of equal batch sizes only. The
dashed line is the loss of an encoder that cannot tell the views of a batch apart.</p>
${await twoLossesChart(curves)}</section>`,
    settingsSection(runs, names, settings),
  ];
  return writeText('writeComparison', path, htmlPage(title, 0, parts));
}
