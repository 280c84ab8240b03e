import {
  type FindStacksOptions,
  findStacks,
  type PictureStacks,
  progress,
  type StackCalibration,
} from 'simclr-ts/node';
import type { Context } from '../../context.js';
import { percent } from '../table.js';
import type { FolderVectors } from '../vectors/folder-vectors.js';

/** The stacks of a folder whose vectors are there. */
export async function stacksOf(
  found: FolderVectors,
  options: Pick<FindStacksOptions, 'level' | 'precision' | 'mostCopies'>,
  context: Context,
): Promise<PictureStacks> {
  const { paths, vectors, hashes, inputSize } = found;
  if (options.level !== 'copies') {
    context.note(
      'Finding out how alike pictures are, from changed copies of some of them, which are not kept.',
    );
  }
  const bar = progress(Math.min(200, paths.length) * (options.level === 'variants' ? 2 : 1), 'Copying', {
    quiet: context.quiet || options.level === 'copies',
  });
  try {
    return await findStacks(
      { paths, vectors, hashes, inputSize, embed: (images) => found.embedImages(images) },
      { ...options, onProgress: (done) => bar.update(done) },
    );
  } finally {
    bar.stop();
  }
}

const names = { same: 'the same picture', variants: 'variants' };

/** What the thresholds of levels are worth, in words: a text per level. */
export function describeCalibrations({
  same,
  variants,
}: {
  same?: StackCalibration | undefined;
  variants?: StackCalibration | undefined;
}): string[] {
  return [
    ...(same ? [describe('same', same)] : []),
    // A level below that finds less than the one above looks for nothing.
    ...(variants ? [describe('variants', variants, same?.threshold)] : []),
  ];
}

function describe(
  level: keyof typeof names,
  { threshold, precision, recall, falseMatches, matched, sample, changes }: StackCalibration,
  above = Number.POSITIVE_INFINITY,
): string {
  if (recall === 0 || threshold >= above) {
    return `${names[level]}: these vectors do not tell changed copies from other pictures with that precision, so none is reported.`;
  }
  const each = Object.entries(changes).map(([name, share]) => `${name} ${percent(share)}`);
  const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 1 });
  return [
    `${names[level]}, from ${threshold.toFixed(3)} on: estimated precision ${percent(precision)} ` +
      `(about ${number(falseMatches)} of ${number(matched)} matched pictures are wrong)`,
    `finds ${percent(recall)} of changed copies of ${sample} of these pictures: ${each.join(', ')}`,
  ].join('\n  ');
}
