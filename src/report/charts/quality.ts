import { confidenceInterval } from '../../evaluation/embedding-evaluation.js';
import { minutesText, percent, plural, whole } from '../page/html.js';
import type { RunQuality } from '../types.js';
import { renderChart } from './chart.js';

/** Accuracy of nearest neighbors over the time of training, beside what there was without training. */
export async function qualitySection(quality: RunQuality): Promise<string> {
  const { points, whitenedPixels, references, testImages, representation } = quality;
  if (points.length < 2) return '';
  const [first, last] = [points[0]!, points[points.length - 1]!];
  const of = representation === 'readout' ? 'the read-out' : 'h';
  const chart = await renderChart({
    label: `Accuracy of nearest neighbors at ${of} over ${minutesText(last.minutes)} minutes of training: ${points
      .map(({ minutes, accuracy }) => `${percent(accuracy)} after ${minutesText(minutes)}`)
      .join(', ')}. Whitened pixels: ${percent(whitenedPixels)}`,
    x: { name: 'minutes of training', format: minutesText },
    y: { name: 'accuracy', format: (share) => `${Number((100 * share).toFixed(1))} %` },
    lines: [
      {
        name: `nearest neighbors at ${of}`,
        kind: 'first',
        points: points.map(({ minutes: x, accuracy: y }) => ({ x, y })),
        intervals: points.map(({ accuracy }) => confidenceInterval(accuracy, testImages)),
      },
    ],
    levels: [
      { y: whitenedPixels, text: `pixels, whitened: ${percent(whitenedPixels)}` },
      ...(first.step === 0
        ? [{ y: first.accuracy, text: `before training: ${percent(first.accuracy)}` }]
        : []),
    ],
    levelsAre: 'without training',
  });
  const seconds = points.reduce((sum, point) => sum + point.seconds, 0);
  return `<section><h2>Quality over time</h2>
<p class="note">Nearest neighbors at ${of}, measured while training on the same ${plural(testImages, 'test picture')} among ${plural(references, 'reference')},
with 95 % Wilson intervals. Compare them with each other, not with accuracies that have more references. Measuring took
${whole(Math.round(seconds))} s, which do not count as training. Where the learning rate falls until the end, so do the gains: a run that is
planned to end sooner is better by then.</p>
${chart}</section>`;
}
