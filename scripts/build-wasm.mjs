/**
 * Compiles src/wasm/assembly to src/wasm/binaries.generated.ts: the module as base64 text, so that Node, bundlers and
 * workers load it without being told where a file lies. Does nothing when that is newer than its sources.
 */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src/wasm/assembly');
const target = join(root, 'src/wasm/binaries.generated.ts');

const relaxedSimd = ['--enable', 'relaxed-simd'];
const builds = {
  plain: ['--use', 'WIDE=0'],
  relaxed: [...relaxedSimd, '--use', 'WIDE=0'], // fused multiply-add, where the engine has it
  wide: [...relaxedSimd, '--use', 'WIDE=1'], // tiles of 16 columns, where it joins vectors to 256 bits
};

const modified = async (path) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
const inputs = [
  fileURLToPath(import.meta.url),
  ...(await readdir(sources)).map((name) => join(sources, name)),
];
const newest = Math.max(...(await Promise.all(inputs.map(modified))));
if ((await modified(target)) < newest) {
  const folder = await mkdtemp(join(tmpdir(), 'simclr-ts-wasm-'));
  try {
    const lines = ['// Written by scripts/build-wasm.mjs.'];
    for (const [name, flags] of Object.entries(builds)) {
      const file = join(folder, `${name}.wasm`);
      const options = [
        '-O3',
        '--noAssert',
        '--runtime',
        'stub',
        '--enable',
        'simd',
        '--enable',
        'threads',
        '--importMemory',
        '--sharedMemory',
        '--maximumMemory',
        '65536',
        '-o',
        file,
      ];
      const { error, stderr } = await asc.main([join(sources, 'index.ts'), ...options, ...flags], {});
      if (error) throw new Error(`asc failed: ${error.message}\n${stderr}`);
      const bytes = await readFile(file);
      // Static data would be written over the memory of TensorFlow.js, which this module shares.
      if (hasSection(bytes, 11)) throw new Error(`${name}.wasm has static data`);
      lines.push(`export const ${name} = '${bytes.toString('base64')}';`);
    }
    await writeFile(target, `${lines.join('\n')}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a module has a section of this number. */
function hasSection(bytes, wanted) {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (id === wanted) return true;
    at += size;
  }
  return false;
}
