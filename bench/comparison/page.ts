import { markdownTable } from '../markdown-table.js';
import { type ExchangeResult, exchangeTable } from './exchange-page.js';
import type { ComparisonResult } from './result.js';
import { measures, parityTolerance } from './result.js';
import { describeBudget, tableOf } from './table.js';

const inPoints = (share: number) => (100 * Math.abs(share)).toFixed(1);

function lossTable({ ours, pytorch }: ComparisonResult): string {
  const sides = pytorch === null ? [ours] : [ours, pytorch];
  const steps = Math.min(...sides.map(({ loss }) => loss.length));
  const width = Math.max(1, Math.min(20, Math.floor(steps / 10)));
  const places = [
    ...new Set(Array.from({ length: 10 }, (_, i) => Math.round(((i + 1) * steps) / 10))),
  ].filter((place) => place >= width);
  const mean = (loss: number[], end: number) =>
    (loss.slice(end - width, end).reduce((sum, value) => sum + value, 0) / width).toFixed(3);
  return markdownTable([
    [`step (mean of ${width})`, 'simclr-ts', ...(pytorch === null ? [] : ['PyTorch'])],
    ...places.map((place) => [String(place), ...sides.map(({ loss }) => mean(loss, place))]),
  ]);
}

function verdict({ difference, budget, seeds }: ComparisonResult): string[] {
  if (difference === undefined) return [];
  const sentences = measures.map((measure) => {
    const { mean, withinTolerance } = difference[measure];
    const name = measure === 'knn' ? 'kNN' : 'The linear probe';
    const side = mean < 0 ? 'below' : 'above';
    const parity =
      'pairs' in budget
        ? `, ${withinTolerance ? 'within' : 'not within'} the ${100 * parityTolerance} points that parity allows`
        : '';
    return `${name} is ${inPoints(mean)} points ${side} PyTorch's${parity}.`;
  });
  const interval =
    seeds.length > 1
      ? 'The intervals are 95 %, by Student’s t over the seeds; that of the difference is Welch’s.'
      : 'The intervals are 95 % over samples of test pictures: Wilson’s, and the paired one for the difference.';
  return [[...sentences, interval].map((sentence) => `- ${sentence}`).join('\n')];
}

function section(result: ComparisonResult): string {
  const { ours, pytorch, missing, machine, threads, date, references, testImages } = result;
  const against = pytorch === null ? `PyTorch is missing: ${missing}.` : `Against ${pytorch.framework}`;
  const title = 'minutes' in result.budget ? 'The same time' : 'The same number of pictures';
  return [
    `## ${title}`,
    [
      `- Each side: ${describeBudget(result)}; ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      `- kNN and linear probe learn from ${references.toLocaleString('en-US')} labeled pictures and are tested on ${testImages.toLocaleString('en-US')}`,
      `- ${ours.framework}`,
      `- ${against}`,
      `- ${machine}, ${date}`,
    ].join('\n'),
    markdownTable(tableOf(result)),
    ...verdict(result),
    lossTable(result),
  ].join('\n\n');
}

function exchangeSection(exchange: ExchangeResult): string {
  const seeds = new Set(exchange.runs.map(({ seed }) => seed)).size;
  const steps = exchange.runs[0]!.loss.length;
  return [
    '## Where a difference of the losses comes from',
    'Ours takes over PyTorch’s first weights, its views (drawn augmentations and order), or both; the rest stays its own.\nLosses in nats, of equally many pairs:',
    '```sh\nnpx tsx bench/comparison/exchange.ts --json exchange.json\n```',
    markdownTable(exchangeTable(exchange)),
    [
      '- Runs with both begin with the same weights up to 1e-5 in the first filters, and see the same views: their spread,\n  lowest to highest, is the noise of training itself. A smaller difference of single runs means nothing.',
      `- ${steps} steps of ${seeds === 1 ? 'one seed' : `${seeds} seeds`}`,
      `- ${exchange.framework}`,
      `- ${exchange.machine}, ${exchange.date}`,
    ].join('\n'),
  ].join('\n\n');
}

/** The page for one or more results, in their order. */
export function comparisonPage(results: readonly ComparisonResult[], exchange?: ExchangeResult): string {
  const { recipe } = results[0]!;
  const settings: string[][] = [
    ['setting', 'both sides'],
    [
      'encoder',
      `ResNet-18 of width ${recipe.width}, 7x7 stem with stride 2 and pool, torchvision's initialization`,
    ],
    [
      'projection head',
      `${[512, ...recipe.headHidden, recipe.headOutput].join('-')}, no batch normalization`,
    ],
    ['loss', `NT-Xent, temperature ${recipe.temperature}`],
    ['batch', `${recipe.batchSize} pictures, both views in one batch for batch normalization`],
    [
      'optimizer',
      `AdamW, learning rate ${recipe.learningRate}, weight decay ${recipe.weightDecay}, ${100 * recipe.warmupShare} % warm-up, then cosine to 0`,
    ],
    [
      'augmentation',
      `crop of ${recipe.cropScale.join(' to ')} of the area, horizontal flip ${recipe.flipProbability}, color jitter of strength ${recipe.jitterStrength} with probability ${recipe.jitterProbability}, grayscale ${recipe.grayscaleProbability}, no blur`,
    ],
    ['input', `normalized by mean ${recipe.mean.join(', ')} and standard deviation ${recipe.std.join(', ')}`],
  ];
  return `${[
    '# Comparison with PyTorch',
    'Compare this library with PyTorch: the same recipe, written once with each, trained on the same 50,000 pictures of\nCIFAR-10 without labels. The same code evaluates the representations of both: `knnClassifier` and `linearProbe`.',
    '```sh\nnpm run compare -- --minutes 7 --json time.json\nnpm run compare -- --pairs 51200 --seeds 3 --json pairs.json\nnpx tsx bench/comparison/write-docs.ts time.json pairs.json --exchange exchange.json  # this page\n```',
    markdownTable(settings),
    ...results.map(section),
    ...(exchange ? [exchangeSection(exchange)] : []),
    '## Check that both are the same\n\n`npx tsx bench/comparison/check.ts` gives both equal weights and equal views. It prints:\n\n- the losses of the first steps,\n- the error of both gradients against float64,\n- moments of the views that the two augmentations make of the same pictures.',
  ].join('\n\n')}\n`;
}
