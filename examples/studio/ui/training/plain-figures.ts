import type { Measurement } from '../../shared/trainer-protocol.js';
import { percent } from '../page/dom.js';

/** What a measurement says, in plain words, and what it was before training. */
export function plainFigure(now: Measurement, before?: Measurement): string {
  const than = (share: number | undefined) =>
    before && share !== undefined && before.step < now.step ? ` (before training: ${percent(share)})` : '';
  if (now.groupMatch !== undefined) {
    const share = `${percent(now.groupMatch)} are from the same folder${than(before?.groupMatch)}`;
    return `Of the five pictures most similar to each, ${share}.`;
  }
  const share = `${percent(now.viewMatch)} of cases${than(before?.viewMatch)}`;
  return `A picture that is cropped and recolored is recognized in ${share}.`;
}

/** How the figure is measured, for those who ask. */
export function figureExplained(now: Measurement): string {
  const names =
    'The page is not told what your folders are called: it finds out by itself what belongs together.';
  const folders = `For each picture, the page looks at the five most similar ones and counts how many lie in the same folder. ${names}`;
  const views =
    'Each picture is changed twice at random: cropped, mirrored, recolored. The figure says how often the two changed ' +
    'pictures of one original are most similar to each other, of all pictures.';
  return now.groupMatch !== undefined ? folders : views;
}
