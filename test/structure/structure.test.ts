import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { floors, largeFolders, mostFiles, trainingFloors } from './floors.js';
import { circlesIn, type Import, importsAmong, sourceFiles, specifiersOf } from './imports.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = sourceFiles(root, ['src', 'examples', 'bench']);
const imports = importsAmong(root, files);

/** The room that a file belongs to, by the names of {@link floors}. */
function roomOf(path: string): string {
  const [top, room, ...below] = path.split('/') as [string, string];
  if (top !== 'src') return top;
  return below.length === 0 ? room.replace(/\.ts$/, '') : room;
}

/** The part of src/training that a file belongs to, by the names of {@link trainingFloors}. */
function trainingPartOf(path: string): string {
  const part = path.split('/')[2]!;
  return trainingFloors.flat().includes(part) ? part : '*';
}

/** Imports from one part to another that does not lie below it, or, `withinFloor`, that lies above it. */
function arrowsUp(
  among: readonly Import[],
  partOf: (path: string) => string,
  order: readonly (readonly string[])[],
  { withinFloor = false } = {},
): { arrow: string; lines: string[] }[] {
  const floorOf = (path: string) => order.findIndex((floor) => floor.includes(partOf(path)));
  const found = new Map<string, string[]>();
  for (const { from, to } of among) {
    if (partOf(from) === partOf(to) || floorOf(from) > floorOf(to)) continue;
    if (withinFloor && floorOf(from) === floorOf(to)) continue;
    const arrow = `${partOf(from)} -> ${partOf(to)}`;
    found.set(arrow, [...(found.get(arrow) ?? []), `${from} -> ${to}`]);
  }
  return [...found].map(([arrow, lines]) => ({ arrow, lines }));
}

describe('what the test reads', () => {
  it('is every way to import a file', () => {
    const text = `
      import { a } from './a.js'; import type { B } from './b.js'; import './c.js';
      export { d } from './d.js'; export type { E } from './e.js'; export * from './f.js';
      const g = import('./g.js'); let h: import('./h.js').H; import i = require('./i.js');
      // import './comment.js'
      const text = "import './text.js'";`;
    expect(specifiersOf('x.ts', text)).toEqual([...'abcdefghi'].map((name) => `./${name}.js`));
  });

  it('is the repository', () => {
    expect(files.length).toBeGreaterThan(400);
    expect(imports).toContainEqual({ from: 'src/augmentations/image-checks.ts', to: 'src/errors/checks.ts' });
    expect(imports).toContainEqual({
      from: 'examples/studio/train-starting-encoder.ts',
      to: 'src/node/index.ts',
    });
  });
});

describe('circles of imports', () => {
  it('are found whole, a file that imports itself among them', () => {
    const among = ['ab', 'bc', 'cb', 'cd', 'dd', 'ea', 'bf', 'fg', 'gb'];
    const found = circlesIn(among.map(([from, to]) => ({ from: from!, to: to! })));
    expect(found).toEqual([['b', 'c', 'f', 'g'], ['d']]);
  });

  it('are none', () => {
    expect(circlesIn(imports)).toEqual([]);
  });
});

describe('floors', () => {
  it('hold every room once', () => {
    const rooms = new Set(files.map(roomOf));
    expect(floors.flat().sort()).toEqual([...rooms].sort());
  });

  it('have no arrow up', () => {
    expect(arrowsUp(imports, roomOf, floors)).toEqual([]);
  });

  it('have none inside training', () => {
    const isInTraining = (path: string) => path.startsWith('src/training/');
    const inside = imports.filter(({ from, to }) => isInTraining(from) && isInTraining(to));
    expect(arrowsUp(inside, trainingPartOf, trainingFloors, { withinFloor: true })).toEqual([]);
  });
});

describe('folders', () => {
  const sizes = new Map<string, number>();
  for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  const large = [...sizes].filter(([, count]) => count > mostFiles);

  it(`hold at most ${mostFiles} source files, unless there is a reason`, () => {
    expect(large.filter(([folder]) => largeFolders[folder] === undefined)).toEqual([]);
  });

  it('have a reason only where they need one', () => {
    expect(large.map(([folder]) => folder).sort()).toEqual(Object.keys(largeFolders).sort());
  });
});
