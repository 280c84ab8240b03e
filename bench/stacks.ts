/**
 * How many changed copies of pictures stacks find, and how many different pictures they put together:
 *
 *     npx tsx bench/stacks.ts [--emoji] [--model FOLDER] [--pictures 2000] [--copies 600] [--precision 0.99]
 *
 * The folder is made of CIFAR-10's test pictures, or emoji, and changed copies of some of them. The changes are not those that the
 * calibration makes. Without --model, the vectors are those of the network that an index fits to the folder; with one, also
 * its h and the read-out that it has. See docs/stacks.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import sharp, { type Sharp } from 'sharp';
import { type EmbeddingArray, SimCLR } from 'simclr-ts';
import { fitWhitening, nearDuplicates, nearestNeighbors, stackEmbeddings } from 'simclr-ts/evaluation';
import {
  directory,
  type FolderIndex,
  findStacks,
  indexFolder,
  loadCIFAR10,
  useBestBackend,
} from 'simclr-ts/node';
import { integer, numberBetween } from '../src/cli/options.js';
import { loadEmoji } from './emoji.js';

const options = new Command('bench/stacks')
  .option('--model <folder>', 'a model for pictures of 32x32')
  .option('--emoji', 'emoji instead of CIFAR-10')
  .option('--pictures <n>', 'test pictures', integer(10), 2000)
  .option('--copies <n>', 'changed copies, of as many of them', integer(1), 600)
  .option(
    '--at <similarity>',
    'also groups at this threshold, such as a lower one, where chains begin',
    Number,
  )
  .option('--most-copies <n>', 'that a picture has at most', integer(1))
  .option('--precision <p>', 'asked of the calibration', numberBetween(0, 1), 0.99)
  .parse()
  .opts<{
    emoji?: boolean;
    model?: string;
    pictures: number;
    copies: number;
    precision: number;
    mostCopies?: number;
    at?: number;
  }>();

const side = 32;
const length = side * side * 3;
const folder = mkdtempSync(join(tmpdir(), 'simclr-stacks-bench-'));

/** What becomes of a picture. */
const changes: Record<string, (picture: Sharp) => Promise<Sharp>> = {
  'JPEG of quality 75': async (picture) => sharp(await picture.jpeg({ quality: 75 }).toBuffer()),
  'JPEG of quality 50': async (picture) => sharp(await picture.jpeg({ quality: 50 }).toBuffer()),
  'WebP of quality 40': async (picture) => sharp(await picture.webp({ quality: 40 }).toBuffer()),
  'resized to 75 %': async (picture) => sharp(await picture.resize(24, 24).png().toBuffer()),
  'resized to 200 %': async (picture) => sharp(await picture.resize(64, 64).png().toBuffer()),
  'cropped by one pixel per side': async (picture) =>
    sharp(await picture.extract({ left: 1, top: 1, width: 30, height: 30 }).png().toBuffer()),
  'rotated by 2 degrees': async (picture) => {
    const turned = sharp(await picture.resize(256, 256).png().toBuffer()).rotate(2, { background: '#888' });
    const { data, info } = await turned.png().toBuffer({ resolveWithObject: true });
    const start = Math.round((info.width - 240) / 2);
    return sharp(data).extract({ left: start, top: start, width: 240, height: 240 }).resize(side, side);
  },
  'brighter by 10 %': async (picture) => picture.linear(1.1, 0),
  'warmer colors': async (picture) => picture.modulate({ saturation: 1.15, hue: 5 }),
};

const nameOf = (i: number, kind: string) =>
  `${String(i).padStart(5, '0')}${kind === '' ? '' : `-${kind}`}.png`;

/** Writes pictures, and changed copies of evenly spread ones. Returns the kind of change of each copy by its name. */
async function writeFolder(): Promise<Map<string, string>> {
  const { images } = options.emoji ? await loadEmoji(side) : (await loadCIFAR10({ log: console.error })).test;
  const kinds = Object.keys(changes);
  const copied = new Map<string, string>();
  const open = (i: number) => {
    const bytes = Uint8Array.from(images.data.subarray(i * length, (i + 1) * length));
    return sharp(bytes, { raw: { width: side, height: side, channels: 3 } });
  };
  for (let i = 0; i < options.pictures; i++) {
    writeFileSync(join(folder, nameOf(i, '')), await open(i).png().toBuffer());
  }
  for (let k = 0; k < options.copies; k++) {
    const i = Math.floor((k * options.pictures) / options.copies);
    const kind = kinds[k % kinds.length]!;
    const name = nameOf(i, String(k % kinds.length));
    writeFileSync(join(folder, name), await (await changes[kind]!(open(i))).png().toBuffer());
    copied.set(name, kind);
  }
  return copied;
}

const pictureOf = (path: string) => path.slice(folder.length + 1).slice(0, 5);

interface Score {
  precision: number;
  recall: number;
  wrong: number;
  largest: number;
  byKind: Map<string, number>;
  examples: string[];
}

/** Pairs within groups that are right, and copies that are in the group of their original. */
function score(
  groups: readonly (readonly number[])[],
  paths: readonly string[],
  copied: Map<string, string>,
): Score {
  let [right, wrong] = [0, 0];
  const groupOf = new Map<string, number>();
  const examples: string[] = [];
  for (const [g, rows] of groups.entries()) {
    for (const [i, a] of rows.entries()) {
      groupOf.set(paths[a]!, g);
      for (const b of rows.slice(i + 1)) {
        if (pictureOf(paths[a]!) === pictureOf(paths[b]!)) right++;
        else {
          wrong++;
          if (examples.length < 5) examples.push(`${pictureOf(paths[a]!)} with ${pictureOf(paths[b]!)}`);
        }
      }
    }
  }
  const found = new Map<string, number>();
  const all = new Map<string, number>();
  let together = 0;
  for (const [name, kind] of copied) {
    all.set(kind, (all.get(kind) ?? 0) + 1);
    const own = groupOf.get(join(folder, name));
    if (own === undefined || own !== groupOf.get(join(folder, nameOf(Number(name.slice(0, 5)), ''))))
      continue;
    together++;
    found.set(kind, (found.get(kind) ?? 0) + 1);
  }
  return {
    precision: right / Math.max(1, right + wrong),
    recall: together / copied.size,
    wrong,
    largest: groups.reduce((size, rows) => Math.max(size, rows.length), 0),
    byKind: new Map([...all].map(([kind, count]) => [kind, (found.get(kind) ?? 0) / count])),
    examples,
  };
}

/** Groups all of whose pairs reach the threshold, joined by descending similarity: complete linkage, greedily. */
async function completeGroups(vectors: EmbeddingArray, threshold: number): Promise<number[][]> {
  const [rows] = vectors.shape;
  const { indices, similarities, neighbors } = await nearestNeighbors(vectors, vectors, rows);
  const linked = new Map<number, number>();
  const pairs: { a: number; b: number; value: number }[] = [];
  for (const [i, value] of similarities.entries()) {
    const [a, b] = [Math.floor(i / neighbors), indices[i]!];
    if (a >= b || value < threshold) continue;
    pairs.push({ a, b, value });
    linked.set(a * rows + b, value);
  }
  const areLinked = (a: number, b: number) => linked.has(Math.min(a, b) * rows + Math.max(a, b));
  const groupOf = new Map<number, number[]>();
  const own = (row: number) => groupOf.get(row) ?? [row];
  for (const { a, b } of pairs.sort((x, y) => y.value - x.value)) {
    const [one, other] = [own(a), own(b)];
    if (one === other || !one.every((x) => other.every((y) => areLinked(x, y)))) continue;
    const joined = [...one, ...other];
    for (const row of joined) groupOf.set(row, joined);
  }
  return [...new Set(groupOf.values())].map((group) => group.sort((x, y) => x - y));
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function tell(name: string, { precision, recall, wrong, largest, byKind, examples }: Score): void {
  console.log(
    `${name}: pairs right ${percent(precision)} (${wrong} wrong), copies found ${percent(recall)}, largest group ${largest}`,
  );
  console.log(`  ${[...byKind].map(([kind, share]) => `${kind} ${percent(share)}`).join(', ')}`);
  if (examples.length > 0) console.log(`  wrong: ${examples.join(', ')}`);
}

async function measure(
  name: string,
  index: FolderIndex,
  fixed: number,
  copied: Map<string, string>,
): Promise<void> {
  const { paths, vectors } = index;
  console.log(`\n${name}, ${vectors.shape[1]} numbers`);
  const plain = await nearDuplicates(vectors, { threshold: fixed });
  tell(
    `plain at ${fixed}, linked pairs`,
    score(
      plain.map(({ rows }) => rows),
      paths,
      copied,
    ),
  );
  const began = performance.now();
  const { stacks, same } = await findStacks(index, {
    level: 'same',
    precision: options.precision,
    ...(options.mostCopies !== undefined && { mostCopies: options.mostCopies }),
  });
  const seconds = (performance.now() - began) / 1000;
  const rowOf = new Map(paths.map((path, row) => [path, row]));
  const groups = stacks.map(({ shots: [shot] }) => shot!.pictures.map(({ path }) => rowOf.get(path)!));
  console.log(
    `calibrated in ${seconds.toFixed(1)} s: threshold ${same!.threshold.toFixed(3)}, estimated precision ${percent(same!.precision)}, ` +
      `recall ${percent(same!.recall)}, ${same!.falseMatches.toFixed(1)} of ${same!.matched} matched pictures wrong`,
  );
  tell('calibrated, centers', score(groups, paths, copied));
  const whitening = await fitWhitening(vectors);
  const whitened = await whitening.apply(vectors);
  console.log(`(${whitening.directions} directions whitened)`);
  const { threshold } = same!;
  const byRows = (found: { rows: number[] }[]) => found.map(({ rows }) => rows);
  tell(
    '  the same, linked pairs',
    score(byRows(await nearDuplicates(whitened, { threshold })), paths, copied),
  );
  tell('  the same, complete linkage', score(await completeGroups(whitened, threshold), paths, copied));
  const { at } = options;
  if (at === undefined) return;
  tell(
    `  linked pairs at ${at}`,
    score(byRows(await nearDuplicates(whitened, { threshold: at })), paths, copied),
  );
  tell(`  complete linkage at ${at}`, score(await completeGroups(whitened, at), paths, copied));
  tell(
    `  centers at ${at}`,
    score(byRows(await stackEmbeddings(whitened, { threshold: at })), paths, copied),
  );
}

try {
  console.log(`${(await useBestBackend()).name}, Node ${process.versions.node}`);
  const copied = await writeFolder();
  console.log(
    `${options.pictures} pictures and ${copied.size} changed copies, precision ${options.precision}`,
  );
  const location = (name: string) => join(folder, `.${name}`);
  const fitted = await indexFolder(folder, { location: location('fitted') });
  await measure('the network fitted to the folder', fitted, 0.85, copied);
  fitted.dispose();
  if (options.model !== undefined) {
    const simclr = await SimCLR.load(directory(options.model));
    const h = await indexFolder(folder, { model: simclr, location: location('h') });
    await measure('a trained model, h', h, 0.98, copied);
    h.dispose();
    if (simclr.readout) {
      const readout = await indexFolder(folder, { model: simclr.readout, location: location('readout') });
      await measure('a trained model, read-out', readout, 0.85, copied);
      readout.dispose();
    }
    simclr.dispose();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
