import { markdownTable } from '../../markdown-table.js';
import { mean } from '../../statistics.js';
import { meanPercent, percent } from './percent.js';
import type { Accuracies, CurveRun } from './result.js';
import { type Search, searchSection } from './search-section.js';

const grouped = (value: number) => Math.round(value).toLocaleString('en-US');

/** Names of data sets, by those of their folders. */
const datasetNames: Record<string, string> = { cifar10: 'CIFAR-10', 'fashion-mnist': 'Fashion-MNIST' };

const sideNames = { 'simclr-ts': 'simclr-ts', pytorch: 'PyTorch' } as const;

/** Runs of one kind by a key, in the order of their first. */
function groupBy<Key extends string | number>(runs: readonly CurveRun[], key: (run: CurveRun) => Key) {
  const groups = new Map<Key, CurveRun[]>();
  for (const run of runs) groups.set(key(run), [...(groups.get(key(run)) ?? []), run]);
  return groups;
}

/** Paired differences between the read-out before and after training; of one run with the interval over its test pictures. */
function gained(runs: readonly CurveRun[]): string {
  const all = runs.map(({ evaluation }) => evaluation.gains.readout.overBefore.knn);
  const signed = (share: number) => `${share < 0 ? '' : '+'}${percent(share)}`;
  const center = signed(mean(all.map(({ difference }) => difference)));
  const ends =
    all.length === 1
      ? [all[0]!.low, all[0]!.high]
      : [
          Math.min(...all.map(({ difference }) => difference)),
          Math.max(...all.map(({ difference }) => difference)),
        ];
  return `${center} (${signed(ends[0]!)} to ${signed(ends[1]!)})`;
}

const knnOf = (pick: (run: CurveRun) => Accuracies) => (runs: readonly CurveRun[]) =>
  meanPercent(runs.map((run) => pick(run).knn.accuracy));
const probeOf = (pick: (run: CurveRun) => Accuracies) => (runs: readonly CurveRun[]) =>
  meanPercent(runs.map((run) => pick(run).linearProbe!.accuracy));

const afterColumns: [heading: string, cell: (runs: readonly CurveRun[]) => string][] = [
  ['pairs', (runs) => grouped(mean(runs.map(({ pairs }) => pairs)))],
  ['read-out, kNN', knnOf(({ evaluation }) => evaluation.readout.after)],
  ['gained by training', gained],
  ['read-out, probe', probeOf(({ evaluation }) => evaluation.readout.after)],
  ['with flips, kNN', knnOf(({ evaluation }) => evaluation.readoutWithFlips.after)],
  ['with flips, probe', probeOf(({ evaluation }) => evaluation.readoutWithFlips.after)],
  ['h, kNN', knnOf(({ evaluation }) => evaluation.after)],
  ['h, probe', probeOf(({ evaluation }) => evaluation.after)],
];

const withoutTraining: [name: string, pick: (run: CurveRun) => Accuracies][] = [
  ['pixels averaged to 16x16, whitened', ({ evaluation }) => evaluation.whitenedPixels],
  ['h, untrained', ({ evaluation }) => evaluation.before],
  ['read-out, untrained', ({ evaluation }) => evaluation.readout.before],
  ['read-out, untrained, with flips', ({ evaluation }) => evaluation.readoutWithFlips.before],
];

function section(name: string, runs: readonly CurveRun[]): string {
  const ours = runs.filter(({ side }) => side === 'simclr-ts');
  const keyOf = ({ side, minutes }: CurveRun) =>
    `${String(minutes).padStart(9)} ${side === 'simclr-ts' ? 0 : 1}`;
  const rows = [...groupBy(runs, keyOf)].sort(([first], [second]) => (first < second ? -1 : 1));
  // What is there before training does not depend on the minutes.
  const untrained = [...new Map(ours.map((run) => [run.seed, run])).values()];
  const seeds = untrained.length;
  const facts = [...new Set(runs.map(({ framework }) => framework))].map((text) => `- ${text}`);
  const [{ machine, date, evaluation }] = runs as [CurveRun];
  return [
    `## ${datasetNames[name] ?? name}`,
    'Without training:',
    markdownTable([
      ['representation', 'kNN, %', 'probe, %'],
      ...withoutTraining.map(([title, pick]) => [title, knnOf(pick)(untrained), probeOf(pick)(untrained)]),
    ]),
    'After training:',
    markdownTable([
      ['side', 'minutes', ...afterColumns.map(([heading]) => heading)],
      ...rows.map(([, group]) => [
        sideNames[group[0]!.side],
        String(group[0]!.minutes),
        ...afterColumns.map(([, cell]) => cell(group)),
      ]),
    ]),
    [
      `- ${grouped(evaluation.testImages)} test pictures; the first 10,000 training pictures, with labels, as references`,
      seeds === 1
        ? '- one seed; of what was gained, the 95 % interval over the test pictures'
        : `- means of ${seeds} seeds, with the lowest and the highest`,
      ...facts,
      `- ${machine}, ${date}`,
    ].join('\n'),
  ].join('\n\n');
}

/** Where write-docs.ts puts the chart, seen from the page. */
export const chartFile = 'images/learning.svg';

/** The page about what minutes of training are worth. */
export function learningPage(runs: readonly CurveRun[], search?: Search): string {
  const sections = [...groupBy(runs, ({ dataset }) => dataset)].map(([name, group]) => section(name, group));
  return `${[
    '# What minutes of training are worth',
    'Decide how long to train, and whether to train at all: these are accuracies of the recipe `minutes`, which `npm start`\nuses, beside what can be had without training.',
    '```sh\nnpx simclr-ts train cifar10 --recipe minutes --minutes 7 --report report.html   # one row\n```',
    'The **read-out** is that of the first two stages on a 3x3 grid, [whitened](readout.md). **With flips** means over a\npicture and its mirror image. **h** is the output of the encoder, 512 numbers. kNN asks 20 neighbors.',
    `![Accuracy of nearest neighbors over minutes of training on CIFAR-10](${chartFile})`,
    'Most of it is there before training, seconds after the pictures. Training adds most in its first minute, and keeps\nadding. With 300 or 3,000 pictures of your own there is less to learn: see [what it can learn there, and how long that\ntakes](studio.md#what-it-can-learn-and-how-long-that-takes).',
    ...sections,
    ...(search === undefined ? [] : [searchSection(search)]),
    '## Measure it again',
    '```sh\nnpx tsx bench/learning/curve/run.ts --minutes 1 7 15 --seeds 3 --json curve.json\nnpx tsx bench/learning/curve/run.ts --source /usr/share/datasets/fashion-mnist --minutes 7 --json curve.json\nnpm run compare -- --recipe minutes --minutes 7 --json curve.json   # PyTorch beside it\nnpx tsx bench/learning/search.ts --json search.json                 # what helped, and what did not\nnpx tsx bench/learning/curve/write-docs.ts curve.json search.json   # this page\n```',
    "PyTorch's side has the same recipe in both parts of a run, the weights that our functions initialize from the\npictures before each part, and our read-out and evaluation. Training itself is PyTorch's.",
    'How these settings were found, and what did not help, is in [Read-outs](readout.md#train-the-stage-that-you-read).',
  ].join('\n\n')}\n`;
}
