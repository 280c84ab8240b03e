import { wordsPerCrop } from '../../augmentations/geometry/crop-box.js';
import type { Transform } from '../../augmentations/index.js';
import type { ViewRequest } from '../../data/index.js';
import { batchRandom } from '../../random/index.js';

/**
 * The views that a data set is asked to cut out of whole pictures in an epoch, drawn as the augmentations draw.
 *
 * @returns `undefined` where an augmentation does not begin with a random resized crop: all views of a picture come
 * from one place.
 */
export function viewRequests(
  {
    augmentations,
    scheduled = augmentations,
    seed,
  }: {
    augmentations: readonly Transform<unknown>[];
    scheduled?: readonly Transform<unknown>[] | undefined;
    seed: number;
  },
  epoch: number,
): readonly ViewRequest[] | undefined {
  const requests: ViewRequest[] = [];
  for (const [view, { leadingCrop }] of scheduled.entries()) {
    if (!leadingCrop) return undefined;
    const { plan, streams } = leadingCrop;
    requests.push({
      crop: plan,
      words(index) {
        const random = streams(batchRandom({ seed, epoch, indices: [index], view }));
        return random.row(0).words(wordsPerCrop(plan));
      },
    });
  }
  return requests.length > 0 ? requests : undefined;
}
