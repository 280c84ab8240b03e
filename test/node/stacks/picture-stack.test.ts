import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeStacks, Groups } from '../../../src/node/stacks/picture-stack.js';
import { plain } from '../pictures.js';
import { temporaryFolder } from '../temporary.js';

it('puts copies into shots, and shots into stacks, with the one to keep first', async () => {
  const folder = temporaryFolder();
  const widths = [10, 20, 10, 30, 10, 10, 10];
  const paths = widths.map((_, i) => join(folder, `${i}.png`));
  for (const [i, width] of widths.entries()) {
    writeFileSync(paths[i]!, await plain(7, width).png().toBuffer());
    utimesSync(paths[i]!, 1e9, 1e9);
  }
  // 0 and 1 are the same, 2 has the bytes of 0; 3 is a variant of them; 4 has the bytes of 5; 6 is alone.
  const copyOf = new Map([
    [2, 0],
    [5, 4],
  ]);
  const same = new Groups([0, 1, 3, 4, 6]);
  same.add(1, 0, 0.9);
  const variants = new Groups(same.centers);
  expect(same.centers).toEqual([0, 3, 4, 6]);
  variants.add(3, 0, 0.7);
  const stacks = await describeStacks('test', paths, { copyOf, same, variants });
  const shown = stacks.map(({ level, shots }) => ({
    level,
    shots: shots.map(({ similarity, pictures }) => ({
      similarity,
      pictures: pictures.map(({ path, keep, equal, similarity: own }) => [
        paths.indexOf(path),
        keep,
        equal,
        own,
      ]),
    })),
  }));
  expect(shown).toEqual([
    {
      level: 'variants',
      shots: [
        {
          similarity: 1,
          pictures: [
            [1, true, true, 0.9],
            [0, false, false, 1],
            [2, false, false, 1],
          ],
        },
        { similarity: 0.7, pictures: [[3, true, true, 1]] },
      ],
    },
    {
      level: 'copies',
      shots: [
        {
          similarity: 1,
          pictures: [
            [4, true, true, 1],
            [5, false, true, 1],
          ],
        },
      ],
    },
  ]);
});
