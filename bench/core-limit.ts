import { setFlagsFromString } from 'node:v8';
import asc from 'assemblyscript/asc';

/**
 * Twelve sums that do not wait for one another, in 128-bit vectors; with the operands all 16 registers are in use.
 * The operands are arguments, because V8 of Node 24 makes vectors of constants again in every turn.
 */
const source = (multiplyAdd: string) => `
  export function run(turns: i32, factor: f32, offset: f32): f32 {
    const x = f32x4.splat(factor);
    const y = f32x4.splat(offset);
    ${Array.from({ length: 12 }, (_, i) => `let s${i} = f32x4.splat(${i});`).join('\n')}
    for (let i = 0; i < turns; i++) {
      ${Array.from({ length: 12 }, (_, i) => `s${i} = ${multiplyAdd.replace('S', `s${i}`)};`).join('\n')}
    }
    return f32x4.extract_lane(${Array.from({ length: 11 }, (_, i) => i).reduce((sum, i) => `f32x4.add(${sum}, s${i + 1})`, 's0')}, 0);
  }`;

/** The peak multiply-add rate of one core with 128-bit vectors of float32, in GFLOP/s: the best of five tries. */
export async function coreLimit(): Promise<number> {
  // Newer releases do not need the flag, and reject it.
  if (Number.parseInt(process.versions.node, 10) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
  let binary: Uint8Array | undefined;
  const { error } = await asc.main(
    ['in.ts', '-O3', '--runtime', 'stub', '--enable', 'simd', '--enable', 'relaxed-simd', '-o', 'out.wasm'],
    {
      readFile: (name: string) => (name === 'in.ts' ? source('f32x4.relaxed_madd(S, x, y)') : null),
      writeFile: (_name: string, contents: Uint8Array | string) => {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`coreLimit: ${error?.message ?? 'nothing was compiled'}`);
  const { instance } = await WebAssembly.instantiate(binary.slice(), {});
  const run = instance.exports.run as (turns: number, factor: number, offset: number) => number;
  run(1_000_000, 0.999, 1e-6);
  const turns = 20_000_000;
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    run(turns, 0.999, 1e-6);
    best = Math.max(best, (turns * 12 * 8) / ((performance.now() - began) * 1e6));
  }
  return best;
}
