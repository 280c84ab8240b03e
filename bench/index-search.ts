/**
 * The index of a folder: loading vectors, exact search beside numpy's and usearch's, and an update that finds nothing to do.
 *
 *     npx tsx bench/index-search.ts [--rows 1000000] [--dim 512] [--files 100000] [--python python3] [--json FILE]
 *
 * Vectors are made. This library, numpy, and usearch (where `pip install usearch` put it) search the same ones in turns and
 * must find the same neighbors. The update is measured on a folder of tiny pictures, which is made first; --files 0 leaves
 * it out.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Command } from 'commander';
import sharp from 'sharp';
import { SimCLR } from 'simclr-ts';
import { neighborSearch } from 'simclr-ts/evaluation';
import { indexFolder, useBestBackend } from 'simclr-ts/node';
import { npyHeader } from '../src/cli/actions/vectors/vector-formats.js';
import { integer } from '../src/cli/options.js';
import { type FoundFile, scanFolder } from '../src/node/picture-index/scan-folder.js';
import type { IndexedFile } from '../src/node/picture-index/storage/segment-file.js';
import { addSegment, readSegments } from '../src/node/picture-index/storage/segments.js';
import { compare, loadVectors } from '../src/node/picture-index/stored-vectors.js';
import { randomGenerator } from '../src/random/index.js';
import { median } from './statistics.js';

const options = new Command('bench/index-search')
  .option('--rows <n>', 'vectors', integer(1), 100_000)
  .option('--dim <n>', 'numbers of a vector', integer(1), 512)
  .option('--files <n>', 'pictures of the folder that does not change', integer(0), 100_000)
  .option('--rounds <n>', 'turns of each side', integer(1), 15)
  .option('--python <file>', 'a Python with numpy', 'python3')
  .option('--json <file>', 'writes the results')
  .parse()
  .opts<{ rows: number; dim: number; files: number; rounds: number; python: string; json?: string }>();

const neighbors = 10;
const segmentRows = 16_384;
const folder = mkdtempSync(join(tmpdir(), 'simclr-index-bench-'));
const megabytes = (bytes: number) => Math.round(bytes / 1e6);
const resident = () => megabytes(process.memoryUsage().rss);
const results: Record<string, number | string> = {};

function tell(name: string, value: number, unit: string): void {
  results[name] = value;
  console.log(`${name.padEnd(44)} ${value.toFixed(value < 10 ? 2 : 0).padStart(10)} ${unit}`);
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  return [await work(), performance.now() - began];
}

/** Writes made vectors as an index has them, and as numpy reads them. */
async function writeVectors(rows: number, dim: number): Promise<FoundFile[]> {
  const random = randomGenerator(1);
  const files: FoundFile[] = [];
  const npy = openSync(join(folder, 'vectors.npy'), 'w');
  writeSync(npy, npyHeader(rows, dim));
  for (let start = 0; start < rows; start += segmentRows) {
    const count = Math.min(segmentRows, rows - start);
    const vectors = Float32Array.from({ length: count * dim }, () => random.uniform(-1, 1));
    const indexed = Array.from({ length: count }, (_, i): IndexedFile => {
      const row = start + i;
      const path = `${Math.floor(row / 1000)}/${row}.jpg`;
      files.push({ path, name: path, size: row, modified: row, changed: row });
      const hash = row.toString(16).padStart(64, 'f');
      return { path, size: row, time: row, hash, state: 'embedded', reason: '' };
    });
    await addSegment('bench', folder, indexed, vectors, dim);
    writeSync(npy, new Uint8Array(vectors.buffer));
  }
  return files;
}

/** Others that search exactly. */
const others = ['numpy', 'usearch'] as const;
type Other = (typeof others)[number];

const pythonProgram = `
import sys, time, json
import numpy as np
try:
    from usearch import __version__ as usearch_version
    from usearch.index import MetricKind, search
except ImportError:
    usearch_version = None
x = np.load(sys.argv[1]); x /= np.linalg.norm(x, axis=1, keepdims=True)
k = int(sys.argv[2])

def by_numpy(q):
    s = q @ x.T if len(q) > 1 else (x @ q[0])[None]
    near = np.argpartition(-s, k - 1, axis=1)[:, :k]
    return np.take_along_axis(near, np.argsort(-np.take_along_axis(s, near, 1), axis=1), 1)

def by_usearch(q):
    return search(x, q, k, MetricKind.IP, exact=True).keys.reshape(len(q), k)

print(json.dumps({"numpy": np.__version__, "usearch": usearch_version}), flush=True)
for line in sys.stdin:
    by, rows = json.loads(line)
    q = x[rows]
    began = time.perf_counter()
    near = (by_numpy if by == "numpy" else by_usearch)(q)
    milliseconds = 1000 * (time.perf_counter() - began)
    print(json.dumps([milliseconds, near.tolist()]), flush=True)
`;

interface Python {
  /** Those that are installed. */
  installed: readonly Other[];
  /** The neighbors of rows, and the milliseconds that they took. */
  ask(other: Other, rows: number[]): Promise<[number, number[][]]>;
  end(): void;
}

/** Python in a process of its own; `undefined` if it does not start. */
async function startPython(): Promise<Python | undefined> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    options.python,
    ['-c', pythonProgram, join(folder, 'vectors.npy'), String(neighbors)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return undefined;
  const versions = JSON.parse(first.value) as Record<Other, string | null>;
  const installed = others.filter((other) => versions[other] !== null);
  for (const other of installed) results[other] = versions[other]!;
  return {
    installed,
    async ask(other, rows) {
      child.stdin.write(`${JSON.stringify([other, rows])}\n`);
      return JSON.parse((await lines.next()).value as string) as [number, number[][]];
    },
    end: () => child.stdin.end(),
  };
}

async function measureSearch(rows: number, dim: number): Promise<void> {
  const files = await writeVectors(rows, dim);
  globalThis.gc?.();
  tell('resident before loading', resident(), 'MB');
  const load = async () => {
    const segments = await readSegments('bench', folder);
    const { known } = compare(files, segments);
    const vectors = new Float32Array(rows * dim);
    await loadVectors('bench', segments, known, new Set(), vectors, dim);
    return vectors;
  };
  const [vectors, loading] = await timed(load);
  tell('loading', loading, 'ms');
  globalThis.gc?.();
  tell('resident after loading', resident(), 'MB');
  const [search, preparing] = await timed(() => neighborSearch({ data: vectors, shape: [rows, dim] }));
  tell('preparing the search, once', preparing, 'ms');
  tell('resident after preparing', resident(), 'MB');
  const python = await startPython();
  const installed = python?.installed ?? [];
  for (const other of others) {
    if (!installed.includes(other)) console.log(`${other}: it is not installed here (--python)`);
  }
  const different = new Map(installed.map((other) => [other, 0]));
  for (const count of [1, 100]) {
    const ours: number[] = [];
    const theirs = new Map(installed.map((other) => [other, [] as number[]]));
    for (let round = -2; round < (count === 1 ? options.rounds : Math.min(5, options.rounds)); round++) {
      const asked = Array.from({ length: count }, (_, i) => ((round + 3) * 7919 + i * 104_729) % rows);
      const data = new Float32Array(count * dim);
      for (const [i, row] of asked.entries()) data.set(vectors.subarray(row * dim, (row + 1) * dim), i * dim);
      const [{ indices }, milliseconds] = await timed(() =>
        search.search({ data, shape: [count, dim] }, neighbors),
      );
      if (round >= 0) ours.push(milliseconds); // before are warm-ups
      for (const other of installed) {
        const [taken, near] = await python!.ask(other, asked);
        if (String(near.flat()) !== String(indices)) different.set(other, different.get(other)! + 1);
        if (round >= 0) theirs.get(other)!.push(taken);
      }
    }
    const what = count === 1 ? 'one query' : `${count} queries`;
    tell(`${what}`, median(ours), 'ms');
    for (const [other, times] of theirs) {
      tell(`${what}, ${other}`, median(times), 'ms');
      tell(`${what}, time over ${other}'s`, median(ours) / median(times), 'x');
    }
  }
  for (const [other, count] of different) tell(`searches with other neighbors than ${other}`, count, '');
  python?.end();
  search.dispose();
}

/** Makes tiny pictures, none equal, and an index that knows them; their vectors are made, because embedding takes minutes. */
async function makeIndexed(photos: string, count: number, model: SimCLR): Promise<void> {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const write = (i: number) => {
    const inside = join(photos, String(Math.floor(i / 1000)));
    if (i % 1000 === 0) mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, `${i}.png`), Buffer.concat([png, Buffer.from(String(i))]));
  };
  write(0);
  const first = await indexFolder(photos, { model });
  first.dispose();
  const { location, model: made } = first;
  for (let i = 1; i < count; i++) write(i);
  const files = await scanFolder('bench', photos, []);
  const { generation } = JSON.parse(readFileSync(join(location, 'index.json'), 'utf8'));
  for (let start = 0; start < count; start += segmentRows) {
    const indexed = files
      .slice(start, start + segmentRows)
      .map(({ path, size, modified }, i): IndexedFile => {
        const hash = (start + i).toString(16).padStart(64, 'f');
        return { path, size, time: modified, hash, state: 'embedded', reason: '' };
      });
    const vectors = new Float32Array(indexed.length * made.dim);
    await addSegment('bench', join(location, generation), indexed, vectors, made.dim);
  }
}

async function measureUpdate(count: number): Promise<void> {
  const photos = join(folder, 'photos');
  const encoder = { name: 'resnet18', inputShape: [8, 8, 3], width: 64, stem: 'small' } as const; // vectors of 512
  const model = new SimCLR({ encoder });
  await makeIndexed(photos, count, model);
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const [{ changes }, milliseconds] = await timed(async () => {
      const index = await indexFolder(photos, { model });
      index.dispose();
      return index;
    });
    if (changes.reused !== count || changes.embedded !== 0)
      throw new Error('bench: the index was not up to date');
    times.push(milliseconds / 1000);
  }
  tell(`index of an unchanged folder of ${count}`, median(times), 's');
  tell(
    'listing it and asking for sizes and times',
    (await timed(() => scanFolder('bench', photos, [])))[1] / 1000,
    's',
  );
  model.dispose();
}

try {
  const bytes = 4 * options.rows * options.dim;
  // Vectors here and on the backend, and those of numpy with the products it makes of them.
  if (4 * bytes > freemem()) {
    console.log(`${megabytes(4 * bytes)} MB would be needed, and ${megabytes(freemem())} MB are free.`);
    process.exitCode = 1;
  } else {
    console.log(
      `${options.rows} vectors of ${options.dim}, Node ${process.versions.node}, ${(await useBestBackend()).name}`,
    );
    await measureSearch(options.rows, options.dim);
    if (options.files > 0) await measureUpdate(options.files);
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...options, ...results }, null, 2)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
