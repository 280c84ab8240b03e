import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stripes, tiny } from '../cli/pictures.js';
import { consumer, execute } from './packed.js';

/** Names that break a path that is taken for an address, a pattern, a line or a word. */
const names = [
  `per%20cent% hash#tag question?mark  ünïcode 図 quotes ' " \` (1) [2] {3} new\nline dollar$1&;|*~`,
  'back\\slash',
  'file:',
].filter((name) => process.platform !== 'win32' || !/[?"*\\\n:|]/.test(name));

let packed = '';
let base = '';
let dispose = async () => {};
beforeAll(async () => {
  ({ folder: packed, dispose } = await consumer());
  base = await realpath(await mkdtemp(join(tmpdir(), 'simclr-ts-any-folder-')));
});
afterAll(async () => {
  await dispose();
  await rm(base, { recursive: true, force: true });
});

/** Trains on threads of its own, decodes on others, and writes from a third kind. */
const program = (open: string) => `
  const { readdirSync } = require('node:fs');
  main().catch((error) => { console.error(error); process.exitCode = 1; });
  async function main() {
    const [, , pictures, out] = process.argv;
    const { SimCLR, resnet18 } = await ${open}('simclr-ts');
    const { directory, imageFolder, useBestBackend } = await ${open}('simclr-ts/node');
    const { setThreadCount } = await ${open}('simclr-ts/wasm');
    setThreadCount(2);
    await useBestBackend({ prefer: 'wasm' });
    const photos = await imageFolder(pictures, { size: 16, workers: 1 });
    const simclr = new SimCLR({ encoder: resnet18({ stem: 'small', inputShape: [16, 16, 3], width: 8 }) });
    await simclr.fit(photos, { epochs: 1, batchSize: 4 });
    await simclr.save(directory(out));
    await simclr.save(directory(require('node:url').pathToFileURL(out + '-2')));
    const again = await SimCLR.load(directory(out));
    console.log(JSON.stringify({
      steps: again.progress.step,
      skipped: photos.skipped,
      files: [out, out + '-2'].map((folder) => readdirSync(folder).sort()),
    }));
    await photos.close();
  }`;

describe.each(names)('below a folder called %j', (name) => {
  // Node itself loads no module below a folder with a backslash in its name: there only pictures and results lie.
  const home = () => (name.includes('\\') ? join(base, 'elsewhere') : join(base, name));
  let folder = '';
  let pictures = '';
  beforeAll(async () => {
    folder = join(base, name);
    pictures = join(folder, name);
    await mkdir(pictures, { recursive: true });
    await cp(join(packed, 'node_modules'), join(home(), 'node_modules'), { recursive: true });
    const color = { r: 9, g: 90, b: 200 };
    for (let i = 0; i < 4; i++) {
      const picture = sharp({ create: { width: 20, height: 20, channels: 3, background: color } });
      await writeFile(join(pictures, `${i} ${name}.png`), await picture.png().toBuffer());
    }
    const modules =
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    await writeFile(join(home(), 'main.mjs'), modules + program('import'));
    await writeFile(join(home(), 'main.cjs'), program('require'));
  });

  const files = ['model.json', 'weights.bin'];
  it.each([
    ['mjs', 'its own folder'],
    ['cjs', 'another folder'],
  ])('a program .%s trains and saves from %s', async (kind, from) => {
    const out = join(folder, `out ${name} ${kind} ${from}`);
    const args = [join(home(), `main.${kind}`), pictures, out];
    const cwd = from === 'its own folder' ? folder : tmpdir();
    const { stdout, stderr } = await execute('node', args, cwd);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ steps: 1, skipped: [], files: [files, files] });
  });

  it('the command line trains, embeds and finds duplicates', async () => {
    const photos = join(folder, `photos ${name}`);
    await mkdir(photos);
    for (let i = 0; i < 4; i++) {
      await writeFile(join(photos, `${i}.png`), await stripes(i % 2 === 0 ? 'rows' : 'columns', i));
    }
    const run = async (...args: string[]) => {
      const main = join(home(), 'node_modules/simclr-ts/dist/cli/main.js');
      const { stdout } = await execute('node', [main, ...args, '--json'], folder);
      return JSON.parse(stdout);
    };
    const [out, model] = ['vectors', 'model'].map((part) => `${part} ${name}`) as [string, string];
    await run('train', photos, ...tiny, '--out', model, '--batch-size', '4');
    expect(await run('embed', photos, '--model', model, '--out', `${out}.csv`)).toMatchObject({
      pictures: 4,
    });
    expect(await run('duplicates', photos, '--exact')).toMatchObject({ pictures: 4, exact: [] });
  });
});
