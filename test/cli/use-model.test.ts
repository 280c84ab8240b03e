import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { SimCLR } from 'simclr-ts';
import { readSafetensors } from 'simclr-ts/interop';
import { directory } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stripes, tiny, writeClasses } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-'));
  await writeClasses(join(cwd, 'photos'), 10);
  const { code, stderr } = await runCLI(['train', 'photos', ...tiny], { cwd });
  if (code !== 0) throw new Error(stderr);
  // Beside the pictures: copies, and what is none.
  await writeClasses(join(cwd, 'mixed'), 4);
  copyFileSync(join(cwd, 'mixed/rows/01.png'), join(cwd, 'mixed/rows/copy, of "01".png'));
  writeFileSync(join(cwd, 'mixed/rows/broken.png'), 'no picture');
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(cwd, name));

interface Row {
  path: string;
  vector: number[];
}

const rowsOf = (name: string): Row[] =>
  read(name)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

async function refused(args: string[]): Promise<{ code: number | null; message: string }> {
  const { code, json } = await runJSON(args, { cwd });
  return { code, message: (json.error as { message: string }).message };
}

describe('embed', () => {
  it('writes the same vectors in every format', async () => {
    const written = await runCLI(['embed', 'mixed', '--out', 'out/v.jsonl'], { cwd });
    expect(written).toMatchObject({ code: 0, stdout: '9 vectors of 32 numbers in out/v.jsonl\n' });
    expect(written.stderr).toMatch(
      /^Warning: 1 file is not a complete picture. Left out:\n {2}.*broken\.png: /,
    );
    const rows = rowsOf('out/v.jsonl');
    expect(rows).toHaveLength(9);
    const flat = rows.flatMap(({ vector }) => vector);
    expect(flat).toHaveLength(9 * 32);

    const { json } = await runJSON(['embed', 'mixed', '--out', 'v.npy', '--batch-size', '2'], { cwd });
    expect(json).toMatchObject({ files: ['v.npy', 'v.paths.json'], pictures: 9, dim: 32 });
    const npy = read('v.npy');
    expect(npy.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
    const headerEnd = 10 + npy.readUInt16LE(8);
    expect(headerEnd % 64).toBe(0);
    expect(npy.subarray(10, headerEnd).toString()).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(9, 32\), \} *\n$/,
    );
    const values = new Float32Array(new Uint8Array(npy.subarray(headerEnd)).buffer);
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(flat[i]!, 4);
    expect(values).toHaveLength(9 * 32);
    expect(JSON.parse(read('v.paths.json').toString())).toEqual(rows.map(({ path }) => path));

    await runCLI(['embed', 'mixed', '--out', 'v.safetensors'], { cwd });
    const { tensors, metadata } = readSafetensors(read('v.safetensors'));
    expect(tensors.get('vectors')).toMatchObject({ dtype: 'F32', shape: [9, 32] });
    expect(Array.from(tensors.get('vectors')!.data as Float32Array, (x) => Math.fround(x))).toEqual(
      flat.map(Math.fround),
    );
    expect(JSON.parse(metadata.paths!)).toEqual(rows.map(({ path }) => path));

    await runCLI(['embed', 'mixed', '--out', 'v.parquet'], { cwd });
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(join(cwd, 'v.parquet')) })).toEqual(
      rows.map(({ path, vector }) => ({ path, vector: vector.map(Math.fround) })),
    );

    await runCLI(['embed', 'mixed', '--out', 'v.csv'], { cwd });
    const lines = read('v.csv').toString().trimEnd().split('\n');
    expect(lines[0]!.split(',').slice(0, 3)).toEqual(['path', 'h0', 'h1']);
    expect(lines).toHaveLength(10);
    const last = rows.at(-1)!;
    expect(last.path).toBe('mixed/rows/copy, of "01".png');
    expect(lines.at(-1)).toBe(['"mixed/rows/copy, of ""01"".png"', ...last.vector].join(','));
  });

  it('takes a single picture, with the vector that it has in its folder', async () => {
    await runCLI(['embed', 'photos/rows/02.png', '--out', 'one.jsonl'], { cwd });
    await runCLI(['embed', 'photos/rows', '--out', 'all.jsonl'], { cwd });
    const [one] = rowsOf('one.jsonl');
    const same = rowsOf('all.jsonl').find(({ path }) => path === one!.path)!;
    for (const [i, value] of one!.vector.entries()) expect(value).toBeCloseTo(same.vector[i]!, 4);
  });

  it('refuses what it cannot do', async () => {
    expect(await refused(['embed', 'photos', '--out', 'v.txt'])).toEqual({
      code: 2,
      message: '--out must end with .npy, .safetensors, .parquet, .csv, .jsonl. Received: "v.txt".',
    });
    expect((await refused(['embed', 'photos'])).code).toBe(2);
    expect(await refused(['embed', 'nowhere', '--out', 'n.npy'])).toEqual({
      code: 3,
      message: expect.stringContaining('There is no picture and no folder of pictures at "nowhere"'),
    });
    expect(await refused(['embed', 'mixed/rows/broken.png', '--out', 'n.npy'])).toEqual({
      code: 3,
      message: expect.stringMatching(/^The file is not a complete picture\..*broken\.png/),
    });
    writeFileSync(join(cwd, 'empty.png'), '');
    expect(await refused(['embed', 'empty.png', '--out', 'n.npy'])).toEqual({
      code: 3,
      message: expect.stringMatching(/^The file is not a complete picture\..*empty\.png/),
    });
    writeFileSync(join(cwd, 'file'), '');
    expect(await refused(['embed', 'photos', '--out', 'file/v.npy'])).toEqual({
      code: 3,
      message:
        '"file/v.npy" must be a file that can be written. Received: a file of that name exists (EEXIST).',
    });
    mkdirSync(join(cwd, 'folder.npy'));
    expect(await refused(['embed', 'photos', '--out', 'folder.npy'])).toEqual({
      code: 3,
      message: '"folder.npy" must be a file. Received: a folder.',
    });
    expect(existsSync(join(cwd, 'n.npy'))).toBe(false);
  });
});

describe('embed, interrupted', () => {
  it('says what it leaves: the file of before, or none', async () => {
    mkdirSync(join(cwd, 'many'));
    const picture = await stripes('rows', 1);
    for (let i = 0; i < 600; i++) writeFileSync(join(cwd, `many/${i}.png`), picture);
    const cut = async (out: string) => {
      let watch: NodeJS.Timeout | undefined;
      const outcome = await runJSON(['embed', 'many', '--out', out, '--batch-size', '1', '--verbose'], {
        cwd,
        // The first note gives the way to send a signal; the file that is begun says when.
        onStderr(_, kill) {
          watch ??= setInterval(() => {
            if (readdirSync(cwd).some((name) => name.startsWith(out) && name.endsWith('.tmp'))) {
              clearInterval(watch);
              kill('SIGINT');
            }
          }, 2);
        },
      });
      clearInterval(watch);
      expect(outcome.code).toBe(130);
      return (outcome.json.error as { message: string }).message;
    };
    expect(await cut('cut.npy')).toMatch(
      /^Interrupted after \d+ of 600 pictures\. Nothing was kept: cut\.npy was not written\.$/,
    );
    writeFileSync(join(cwd, 'cut.csv'), 'before');
    expect(await cut('cut.csv')).toContain('cut.csv is unchanged.');
    expect(read('cut.csv').toString()).toBe('before');
    expect(readdirSync(cwd).filter((name) => name.startsWith('cut.'))).toEqual(['cut.csv']);
  });
});

/** The model, with all weights replaced by one number, in a file that says nothing of what they must be. */
function modelOf(name: string, weight: number): void {
  cpSync(join(cwd, 'simclr-model'), join(cwd, name), { recursive: true });
  const { weightsSha256, jsonSha256, ...model } = JSON.parse(read(`${name}/model.json`).toString());
  expect([weightsSha256, jsonSha256]).not.toContain(undefined);
  writeFileSync(join(cwd, name, 'model.json'), JSON.stringify(model));
  const bytes = read(`${name}/weights.bin`);
  writeFileSync(
    join(cwd, name, 'weights.bin'),
    new Uint8Array(new Float32Array(bytes.length / 4).fill(weight).buffer),
  );
}

describe('a model that went wrong', () => {
  it('is named with the picture whose vector is not finite', async () => {
    modelOf('infinite', Number.POSITIVE_INFINITY);
    for (const args of [
      ['embed', 'photos', '--out', 'n.npy'],
      ['search', 'photos/columns/00.png', '--in', 'photos'],
      ['duplicates', 'photos'],
      ['evaluate', 'photos'],
    ]) {
      expect(await refused([...args, '--model', 'infinite']), args[0]).toEqual({
        code: 4,
        message: expect.stringMatching(
          /^The model must give finite numbers\. Received: (NaN|Infinity) in the vector of photos\/columns\/00\.png\./,
        ),
      });
    }
    expect(existsSync(join(cwd, 'n.npy'))).toBe(false);
  });

  it('gives zeros, which nothing can be searched by, and which are not duplicates', async () => {
    modelOf('zeros', 0);
    expect(await refused(['search', 'photos/columns/00.png', '--in', 'photos', '--model', 'zeros'])).toEqual({
      code: 4,
      message: expect.stringMatching(/^The vector of photos\/columns\/00\.png must not be zero/),
    });
    const { json } = await runJSON(['duplicates', 'photos', '--model', 'zeros'], { cwd });
    expect(json.similar).toEqual([]);
    const evaluated = await runJSON(['evaluate', 'photos', '--model', 'zeros'], { cwd });
    expect(evaluated).toMatchObject({
      code: 0,
      json: { knn: { accuracy: 0.5 }, linearProbe: { accuracy: 0.5 } },
    });
  });
});

describe('the model', () => {
  it('must be there', async () => {
    for (const args of [
      ['embed', 'photos', '--out', 'n.npy'],
      ['search', 'photos/rows/00.png', '--in', 'photos'],
      ['duplicates', 'photos'],
      ['evaluate', 'photos'],
      ['export', '--onnx', 'n.onnx'],
    ]) {
      const { code, message } = await refused([...args, '--model', 'nothing']);
      expect(code, args[0]).toBe(4);
      expect(message).toMatch(
        /There is no trained model in "nothing"\. Train one with `simclr-ts train DIR`/,
      );
      expect(message.includes('--exact')).toBe(args[0] === 'duplicates');
    }
  });

  it('must be whole', async () => {
    cpSync(join(cwd, 'simclr-model'), join(cwd, 'cut'), { recursive: true });
    truncateSync(join(cwd, 'cut/weights.bin'), 1000);
    // The same state lies in the last checkpoint.
    const saved = await runCLI(['embed', 'photos', '--out', 'n.npy', '--model', 'cut'], { cwd });
    expect(saved.code).toBe(0);
    expect(saved.stderr).toMatch(
      /^Warning: model\.json in cut is damaged\. Using the state before it\..*weights\.bin/,
    );
    rmSync(join(cwd, 'cut/checkpoints'), { recursive: true });
    expect(await refused(['embed', 'photos', '--out', 'n.npy', '--model', 'cut'])).toEqual({
      code: 4,
      message: expect.stringContaining('weights.bin'),
    });
    writeFileSync(join(cwd, 'cut/model.json'), '{');
    expect((await refused(['embed', 'photos', '--out', 'n.npy', '--model', 'cut'])).code).toBe(4);
  });

  it('runs on the backend that is asked for', async () => {
    const flags = ['--out', 'cpu.jsonl', '--backend', 'cpu', '--verbose'];
    const { code, stderr } = await runCLI(['embed', 'photos/rows/00.png', ...flags], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Using cpu/);
  });
});

describe('search', () => {
  it('finds what is most similar, and not the picture itself', async () => {
    const { json } = await runJSON(['search', 'mixed/rows/01.png', '--in', 'mixed', '--results', '3'], {
      cwd,
    });
    const results = json.results as { path: string; similarity: number }[];
    expect(results).toHaveLength(3);
    expect(results[0]!.path).toBe('mixed/rows/copy, of "01".png');
    expect(results[0]!.similarity).toBeCloseTo(1, 4);
    expect(results[1]!.similarity).toBeGreaterThanOrEqual(results[2]!.similarity);
    expect(results.map(({ path }) => path)).not.toContain('mixed/rows/01.png');
    expect(json).toMatchObject({ query: 'mixed/rows/01.png', searched: 9 });

    const { stdout } = await runCLI(['search', 'mixed/rows/01.png', '--in', 'mixed', '--results', '1'], {
      cwd,
    });
    expect(stdout).toMatch(
      /^rank {2}similarity {2}file\n {3}1 {2}\d\.\d{4} {6}mixed\/rows\/copy, of "01"\.png\n\ncompared by h, 32 numbers\n$/,
    );
  });

  it('writes a page with the picture and those like it, which opens', async () => {
    const { json, stderr } = await runJSON(
      ['search', 'mixed/rows/01.png', '--in', 'mixed', '--results', '2', '--open'],
      { cwd, env: { SIMCLR_OPEN: '/no/such/program' } },
    );
    expect(json.files).toEqual(['search.html']);
    expect(stderr).toContain('Open search.html in a browser.');
    const page = readFileSync(join(cwd, 'search.html'), 'utf8');
    expect(page.match(/data:image\/png/g)).toHaveLength(3);
    expect(page).toContain('<h1>Pictures like 01.png</h1>');
    expect(page).toContain('1. mixed/rows/copy, of &quot;01&quot;.png<br>similarity 1.00');
    expect(page).not.toMatch(/(src|href)="https?:/);
    const nowhere = ['search', 'mixed/rows/01.png', '--in', 'mixed', '--html', '/dev/null/a.html'];
    expect((await refused(nowhere)).code).toBe(3);
  });

  it('says so when there is nothing else, and refuses what it cannot do', async () => {
    mkdirSync(join(cwd, 'single'));
    writeFileSync(join(cwd, 'single/a.png'), await stripes('rows', 1));
    const alone = await runCLI(['search', 'single/a.png', '--in', 'single'], { cwd });
    expect(alone).toMatchObject({ code: 0, stdout: 'There is no other picture in single.\n' });
    expect((await refused(['search', 'photos/rows/00.png'])).code).toBe(2);
    expect((await refused(['search', 'photos/rows/00.png', '--in', 'nowhere'])).code).toBe(3);
    expect((await refused(['search', 'nothing.png', '--in', 'single'])).code).toBe(3);
  });
});

describe('duplicates', () => {
  const copies = ['mixed/rows/01.png', 'mixed/rows/copy, of "01".png'];

  it('finds equal files without a model', async () => {
    const { code, json } = await runJSON(['duplicates', 'mixed', '--exact', '--model', 'nothing'], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ exact: [copies], similar: [] });
  });

  it('finds similar pictures from a threshold on', async () => {
    // The same picture, saved again: other bytes, other size.
    mkdirSync(join(cwd, 'again'));
    const { default: sharp } = await import('sharp');
    for (const [name, number] of [
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ] as const) {
      const picture = await stripes(number === 0 ? 'columns' : 'rows', number);
      writeFileSync(join(cwd, `again/${name}.png`), picture);
    }
    await sharp(join(cwd, 'again/b.png')).webp({ lossless: true }).toFile(join(cwd, 'again/d.webp'));
    const { json } = await runJSON(['duplicates', 'again', '--threshold', '0.9999'], { cwd });
    expect(json.exact).toEqual([]);
    const [group, ...others] = json.similar as { paths: string[]; similarity: { low: number } }[];
    expect(others).toEqual([]);
    expect(group!.paths).toEqual(['again/b.png', 'again/d.webp']);
    // Not 1: a WebP is made smaller while it is decoded, a PNG afterwards.
    expect(group!.similarity.low).toBeGreaterThan(0.9999);
    const all = await runJSON(['duplicates', 'again', '--threshold', '-1'], { cwd });
    expect((all.json.similar as { paths: string[] }[]).map(({ paths }) => paths.length)).toEqual([4]);
  });

  it('finds more than 500 pictures that are alike, and prints what can be read', async () => {
    mkdirSync(join(cwd, 'alike'));
    const { default: sharp } = await import('sharp');
    const first = await stripes('rows', 1);
    await sharp(first).webp({ lossless: true }).toFile(join(cwd, 'alike/again.webp'));
    for (let i = 0; i < 519; i++) writeFileSync(join(cwd, `alike/${String(i).padStart(3, '0')}.png`), first);
    const flags = ['duplicates', 'alike', '--threshold', '0.999'];
    const { code, json } = await runJSON(flags, { cwd });
    expect(code).toBe(0);
    const [group, ...others] = json.similar as {
      paths: string[];
      similarity: { low: number; high: number };
    }[];
    expect(others).toEqual([]);
    expect(group!.paths).toHaveLength(520);
    expect(group!.similarity).toEqual({ low: expect.any(Number), high: 1 });
    expect((json.exact as string[][]).map(({ length }) => length)).toEqual([519]);

    const { stdout } = await runCLI(flags, { cwd });
    expect(stdout).toMatch(/^the same file \(519 files\):\n {2}alike\/000\.png\n/);
    expect(stdout).toMatch(/\nsimilar, 0\.9\d{3} to 1\.0000 \(520 files\):\n {2}alike\/000\.png\n/);
    expect(stdout.match(/^ {2}alike\/.*$/gm)).toHaveLength(40);
    expect(stdout).toContain('  and 500 more; --json lists all\n');
    expect(stdout).toMatch(/\nOne group holds 520 of 520 pictures\..* --threshold\.\n\ncompared by h, /);
  });

  it('tells equal files once, and says when there are none', async () => {
    const { stdout } = await runCLI(['duplicates', 'mixed', '--threshold', '0.9999999'], { cwd });
    const compared = 'compared by h, 32 numbers, threshold 0.9999999';
    expect(stdout).toBe(`the same file:\n${copies.map((path) => `  ${path}\n`).join('')}\n${compared}\n`);
    expect((await runCLI(['duplicates', 'photos', '--exact'], { cwd })).stdout).toBe('No duplicates.\n');
    expect((await refused(['duplicates', 'photos', '--threshold', '1.5'])).code).toBe(2);
  });
});

describe('evaluate', () => {
  it('gives both accuracies with their intervals', async () => {
    const { code, json } = await runJSON(['evaluate', 'photos', '--neighbors', '3'], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ classNames: ['columns', 'rows'], pictures: { train: 16, test: 4 } });
    expect(json.majority).toBe(0.5);
    for (const measure of [json.knn, json.linearProbe]) {
      const { accuracy, count, interval } = measure as {
        accuracy: number;
        count: number;
        interval: { low: number; high: number };
      };
      expect(count).toBe(4);
      expect(interval.low).toBeLessThanOrEqual(accuracy);
      expect(interval.high).toBeGreaterThanOrEqual(accuracy);
    }
    const again = await runJSON(['evaluate', 'photos', '--neighbors', '3'], { cwd });
    expect(again.json).toEqual(json);
    const { stdout } = await runCLI(['evaluate', 'photos'], { cwd });
    expect(stdout).toMatch(/^2 classes, 16 reference pictures, 4 test pictures\n\n/);
    expect(stdout).toMatch(/\n +16 nearest neighbors +linear probe\n/);
    for (const name of ['pixels, whitened', 'h before training', 'h']) {
      expect(stdout).toMatch(new RegExp(`\\n${name} +\\d+\\.\\d % \\(\\d+\\.\\d % to \\d+\\.\\d %\\) +\\d`));
    }
    expect(stdout).toMatch(/\nh over h before training +[+-]\d/);
    expect(stdout).toContain('On h, training');
  });

  it('compares the model with the network as it was before its first step', async () => {
    // Trained for no step: the weights are those of the seed, and nothing was gained.
    const run = ['train', 'photos', ...tiny, '--out', 'untrained'];
    expect((await runCLI(run, { cwd })).code).toBe(0);
    const fresh = await runJSON(['evaluate', 'photos', '--model', 'untrained'], { cwd });
    const { baselines, gains } = fresh.json as {
      baselines: Record<'untrained' | 'whitenedPixels', { knn: object; linearProbe: object; readout?: null }>;
      gains: { overBefore: { knn: object }; readout: null };
    };
    expect(baselines.untrained.readout).toBeNull();
    expect(baselines.whitenedPixels.knn).toMatchObject({ count: 4 });
    expect(gains.overBefore.knn).toMatchObject({ difference: expect.any(Number), low: expect.any(Number) });
    const settings = JSON.parse(read('untrained/training.json').toString());
    const twin = new SimCLR({ ...settings.recipe, seed: settings.seed });
    await twin.save(directory(join(cwd, 'twin')));
    cpSync(join(cwd, 'untrained/training.json'), join(cwd, 'twin/training.json'));
    const same = await runJSON(['evaluate', 'photos', '--model', 'twin'], { cwd });
    expect(same.json.gains).toMatchObject({
      overBefore: { knn: { difference: 0, low: 0, high: 0 }, linearProbe: { difference: 0 } },
    });
    expect(same.json.knn).toEqual(baselines.untrained.knn);
    twin.dispose();

    rmSync(join(cwd, 'twin/training.json'));
    const { stdout, stderr } = await runCLI(['evaluate', 'photos', '--model', 'twin', '--verbose'], { cwd });
    expect(stderr).toContain('The untrained network is not compared.');
    expect(stdout).not.toContain('before training');
    const alone = await runJSON(['evaluate', 'photos', '--no-baselines'], { cwd });
    expect(alone.json).toMatchObject({ baselines: { whitenedPixels: null, untrained: null }, gains: null });
  });

  it('takes a test folder, by the names of its classes', async () => {
    mkdirSync(join(cwd, 'held/rows'), { recursive: true });
    for (let i = 0; i < 3; i++) writeFileSync(join(cwd, `held/rows/${i}.png`), await stripes('rows', 20 + i));
    mkdirSync(join(cwd, 'held/columns'));
    writeFileSync(join(cwd, 'held/columns/x.png'), await stripes('columns', 20));
    const { json } = await runJSON(['evaluate', 'photos', '--test', 'held'], { cwd });
    expect(json).toMatchObject({ pictures: { train: 20, test: 4 } });
    const { confusion } = json.linearProbe as { confusion: number[][] };
    expect(confusion.map(([a, b]) => a! + b!)).toEqual([1, 3]);

    mkdirSync(join(cwd, 'held/waves'));
    writeFileSync(join(cwd, 'held/waves/x.png'), await stripes('columns', 2));
    expect(await refused(['evaluate', 'photos', '--test', 'held'])).toEqual({
      code: 3,
      message: expect.stringContaining('Received: waves too'),
    });
  });

  it('refuses folders without classes, with one, and with too few pictures', async () => {
    expect(await refused(['evaluate', 'photos/rows'])).toEqual({
      code: 3,
      message: expect.stringContaining('must hold a folder for each class'),
    });
    // A folder within a class is of the class. One picture beside the classes is named.
    await writeClasses(join(cwd, 'nested'), 3);
    mkdirSync(join(cwd, 'nested/rows/more'));
    writeFileSync(join(cwd, 'nested/rows/more/a.png'), await stripes('rows', 0));
    const { json } = await runJSON(['evaluate', 'nested'], { cwd });
    expect(json.pictures).toEqual({ train: 5, test: 2 });
    writeFileSync(join(cwd, 'nested/a.png'), await stripes('rows', 0));
    expect(await refused(['evaluate', 'photos', '--test', 'nested'])).toEqual({
      code: 3,
      message:
        '"nested" must hold a folder for each class and every picture in one of them, as in nested/cat/1.jpg and ' +
        'nested/dog/1.jpg. Received: nested/a.png, which is not.',
    });
    mkdirSync(join(cwd, 'one/rows'), { recursive: true });
    writeFileSync(join(cwd, 'one/rows/a.png'), await stripes('rows', 0));
    expect((await refused(['evaluate', 'one'])).message).toContain('at least two class folders');
    await writeClasses(join(cwd, 'pair'), 1);
    expect(await refused(['evaluate', 'pair'])).toEqual({
      code: 3,
      message: expect.stringContaining('Too few pictures'),
    });
  });
});

describe('evaluate --report and report', () => {
  it('write pages: one of a model with its pictures, one of its folder, one of two', async () => {
    const flags = ['--report', 'pages/e.html', '--label-efficiency', '--scratch-steps', '2'];
    const { code, stdout, stderr } = await runCLI(['evaluate', 'photos', ...flags], { cwd });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/report: pages\/e\.html\n$/);
    const page = read('pages/e.html').toString();
    expect(page).toContain('<title>simclr-model on photos</title>');
    // 4 test pictures: each on the map and, two of a class, a query with six neighbors.
    expect(page.match(/class="thumb k\d"/g)).toHaveLength(2 * 4); // before and after
    expect(page.match(/class="query"/g)).toHaveLength(4);
    expect(page.match(/class="found (right|wrong)"/g)).toHaveLength(2 * 4 * 6);
    for (const text of [
      'What the encoder sees',
      'Pixels, whitened',
      'h before training',
      'training.batchSize',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).toMatch(/<dt>Date<\/dt><dd>\d{4}-\d\d-\d\d<\/dd>/);
    expect(page).toMatch(/simclr-ts \d+\.\d+\.\d+.*, TensorFlow\.js 4\./);
    expect(page).toContain('1 label per class');
    expect(page).toContain('the same network from scratch');
    expect(page).toMatch(/columns as rows: \d of 2/);
    expect(page).toContain('Loss over 2 steps');

    const single = await runJSON(['report', 'simclr-model', '--out', 'pages/one.html'], { cwd });
    expect(single.json).toEqual({ report: 'pages/one.html', run: 'simclr-model', steps: 2, evaluated: true });
    expect(read('pages/one.html').toString()).toContain('Which classes are mistaken for which?');

    const other = ['train', 'photos', ...tiny, '--temperature', '0.2', '--out', 'other-model'];
    expect((await runCLI(other, { cwd })).code).toBe(0);
    const unmeasured = await runCLI(['report', 'other-model', '--out', 'pages/other.html'], { cwd });
    expect(unmeasured.stdout).toContain('without accuracies: `simclr-ts evaluate DIR` measures them');
    expect((await runCLI(['evaluate', 'photos', '--model', 'other-model'], { cwd })).code).toBe(0);
    const two = await runJSON(['report', 'simclr-model', 'other-model', '--out', 'pages/two.html'], { cwd });
    expect(two.json).toMatchObject({
      settings: [{ path: 'temperature', first: 0.5, second: 0.2 }],
      metrics: [
        { metric: 'knn', difference: { low: expect.any(Number) } },
        { metric: 'linearProbe', difference: { high: expect.any(Number) } },
      ],
    });
    const comparison = read('pages/two.html').toString();
    expect(comparison).toContain('<title>simclr-model and other-model</title>');
    expect(comparison).toContain('Both on the same 4 test pictures');
  });

  it('refuse a folder that is not a run, a damaged one, and a curve without a page', async () => {
    expect(await refused(['report', 'photos'])).toEqual({
      code: 3,
      message: expect.stringContaining('must be the folder of a run, with losses.jsonl'),
    });
    cpSync(join(cwd, 'simclr-model'), join(cwd, 'hurt'), { recursive: true });
    writeFileSync(join(cwd, 'hurt/losses.jsonl'), 'no JSON\n');
    expect(await refused(['report', 'simclr-model', 'hurt'])).toEqual({
      code: 3,
      message: expect.stringMatching(/^hurt\/losses\.jsonl, line 1, must be JSON/),
    });
    expect(existsSync(join(cwd, 'report.html'))).toBe(false);
    expect((await refused(['evaluate', 'photos', '--label-efficiency'])).code).toBe(2);
  });
});

describe('export', () => {
  it('writes ONNX and safetensors', async () => {
    const flags = [
      '--onnx',
      'to/e.onnx',
      '--safetensors',
      'to/e.safetensors',
      '--names',
      'lightly',
      '--head',
    ];
    const { code, json } = await runJSON(['export', ...flags], { cwd });
    expect(code).toBe(0);
    expect(json.files).toMatchObject([
      { path: 'to/e.onnx', format: 'onnx', bytes: read('to/e.onnx').length },
      { path: 'to/e.safetensors', format: 'safetensors', bytes: read('to/e.safetensors').length },
    ]);
    const { tensors, metadata } = readSafetensors(read('to/e.safetensors'));
    expect(tensors.get('backbone.0.weight')!.shape).toEqual([4, 3, 3, 3]);
    expect(tensors.get('projection_head.layers.0.weight')!.shape).toEqual([512, 32]);
    expect(metadata).toMatchObject({ names: 'lightly', inputSize: '32x32' });
  });

  it('refuses to write nothing, or a head that has no name', async () => {
    expect((await refused(['export'])).code).toBe(2);
    expect(await refused(['export', '--safetensors', 'n.safetensors', '--head'])).toEqual({
      code: 2,
      message: expect.stringContaining('needs --names lightly'),
    });
  });
});

describe('doctor', () => {
  it('checks packages, pictures and model', async () => {
    const { code, json } = await runJSON(['doctor', 'mixed'], { cwd });
    const checks = json.checks as { name: string; status: string; message: string }[];
    const names = checks.map(({ name }) => name);
    expect(names.slice(0, 6)).toEqual(['node', 'sharp', 'backend', 'pictures', 'file', 'model']);
    expect(checks[3]).toMatchObject({ status: 'warning', message: '9 whole pictures, 2 class folders' });
    expect(checks[4]!.message).toContain('broken.png');
    expect(checks[5]).toMatchObject({ status: 'ok', message: 'simclr-model: 2 steps, 32x32 pixels' });
    expect(json.healthy).toBe(checks.every(({ status }) => status !== 'error'));
    expect(code).toBe(json.healthy ? 0 : 7);
  });

  it('ends with 7 where something must be put right', async () => {
    const { code, json } = await runJSON(['doctor', 'nowhere', '--model', 'nothing'], { cwd });
    expect(code).toBe(7);
    const errors = (json.checks as { name: string; status: string }[]).filter(
      ({ status }) => status === 'error',
    );
    expect(errors.map(({ name }) => name)).toEqual(['pictures', 'model']);
  });
});
