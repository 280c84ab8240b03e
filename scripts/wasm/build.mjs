import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assemblyModule, readAssembly } from './layout.mjs';

const relaxedSimd = ['--enable', 'relaxed-simd'];
/** Builds by target file: the wide one is loaded only on engines that may run it. */
const builds = {
  binaries: {
    plain: ['--use', 'WIDE=0'],
    relaxed: [...relaxedSimd, '--use', 'WIDE=0'], // fused multiply-add, where the engine has it
  },
  'wide-binary': {
    wide: [...relaxedSimd, '--use', 'WIDE=1'], // tiles of 16 columns, where it joins vectors to 256 bits
  },
};

/**
 * Compiles the kernels of a repository unless they are up to date.
 *
 * @param {string} root - Folder of the repository.
 * @param {string} [compiler] - Name and version of the compiler.
 * @returns Whether anything was compiled.
 */
export async function buildWasm(root, compiler = installedCompiler()) {
  const sources = join(root, 'src/wasm/assembly');
  const scripts = ['build.mjs', 'layout.mjs'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
  const names = (await readdir(sources, { recursive: true }))
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join(sources, name));
  const texts = new Map(
    await Promise.all(
      [...names, ...scripts].map(async (path) => [basename(path), await readFile(path, 'utf8')]),
    ),
  );
  const hash = createHash('sha256')
    .update(JSON.stringify([compiler, ...texts]))
    .digest('hex');
  const head = `// Written by scripts/build-wasm.mjs with ${compiler}, from sources of the hash ${hash}.\n`;
  const targets = [...Object.keys(builds), 'layout'].map((name) =>
    join(root, `src/wasm/module/${name}.generated.ts`),
  );
  const present = await Promise.all(targets.map((path) => readFile(path, 'utf8').catch(() => '')));
  if (present.every((text) => text.startsWith(head))) return false;

  const assembly = [...texts].filter(([name]) => name.endsWith('.ts'));
  const layout = assemblyModule(
    readAssembly(Object.fromEntries(assembly.map(([name, text]) => [basename(name, '.ts'), text]))),
  );
  const contents = [];
  for (const modules of Object.values(builds)) {
    contents.push(await compile(join(sources, 'index.ts'), modules));
  }
  contents.push(layout);
  for (const [index, target] of targets.entries()) {
    // A concurrent reader sees the old file or the new one, never part of it.
    await writeFile(`${target}.${process.pid}`, `${head}${contents[index]}\n`);
    await rename(`${target}.${process.pid}`, target);
  }
  return true;
}

/** The compiler and its optimizer, which is a separate package. */
function installedCompiler() {
  const require = createRequire(import.meta.url);
  const versionOf = (name) => `${name} ${require(`${name}/package.json`).version}`;
  return ['assemblyscript', 'binaryen'].map(versionOf).join(' and ');
}

/** The modules as TypeScript constants. */
async function compile(entry, modules) {
  const { default: asc } = await import('assemblyscript/asc');
  const folder = await mkdtemp(join(tmpdir(), 'simclr-ts-wasm-'));
  try {
    const lines = [];
    for (const [name, flags] of Object.entries(modules)) {
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
      const { error, stderr } = await asc.main([entry, ...options, ...flags], {});
      if (error) throw new Error(`asc failed: ${error.message}\n${stderr}`);
      const bytes = await readFile(file);
      // Static data would overwrite the memory of TensorFlow.js, which this module shares.
      if (hasSection(bytes, 11)) throw new Error(`${name}.wasm has static data`);
      lines.push(`export const ${name} = '${bytes.toString('base64')}';`);
    }
    return lines.join('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a module has a section with this number. */
function hasSection(bytes, sectionId) {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (id === sectionId) return true;
    at += size;
  }
  return false;
}
