import { readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The binaries that the kernels can run on, by target file. The third one lacks vector instructions. */
const binaries = { simd: 'simd', threadedSimd: 'threaded-simd' };

/**
 * Writes TensorFlow.js's own binaries to src/wasm/tfjs as compressed text, so that every bundler finds them, unless they are
 * there.
 *
 * @param {string} root - Folder of the repository.
 */
export async function writeTfjsBinaries(root) {
  const require = createRequire(join(root, 'package.json'));
  const { version } = require('@tensorflow/tfjs-backend-wasm/package.json');
  // esbuild keeps a comment of this kind, as the license of the binaries asks.
  const head = `/*! From @tensorflow/tfjs-backend-wasm ${version}: Copyright Google LLC, licensed under the Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0 */\n`;
  for (const [name, kind] of Object.entries(binaries)) {
    const target = join(root, `src/wasm/tfjs/${kind}.generated.ts`);
    if ((await readFile(target, 'utf8').catch(() => '')).startsWith(head)) continue;
    const file = require.resolve(`@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-${kind}.wasm`);
    const text = gzipSync(await readFile(file), { level: 9 }).toString('base64');
    // A concurrent reader sees the old file or the new one, never part of it.
    await writeFile(
      `${target}.${process.pid}`,
      `${head}export const ${name} = { version: '${version}', gzip: '${text}' };\n`,
    );
    await rename(`${target}.${process.pid}`, target);
  }
}
