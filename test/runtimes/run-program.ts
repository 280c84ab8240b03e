import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { LaneOutcome } from '../backends/outcome.js';
import { consumer, execute } from '../package/packed.js';
import { getRuntime, isThisNode, type Runtime } from './get-runtime.js';

/** What program.mjs prints: values that must be the same everywhere, and how they were computed. */
interface Printed {
  threads: number;
  wasmBuild: string;
  values: Record<string, unknown>;
  /** Whether the loaded model embeds as the saved one. */
  same: boolean;
}

const threads = 2;

/** The packed package in the folder of a user, with the program. */
export interface PackedProgram {
  run(runtime: Runtime): Promise<LaneOutcome>;
  dispose(): Promise<void>;
}

/** Packs the package, and runs it under this Node, which the other runtimes are compared with. */
export async function packProgram(): Promise<PackedProgram> {
  const user = await consumer();
  const at = (name: string) => join(user.folder, name);
  copyFileSync(fileURLToPath(new URL('program.mjs', import.meta.url)), at('program.mjs'));
  const pixels = Uint8Array.from({ length: 192 }, (_, i) => (i * 41) % 256);
  const picture = sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } });
  await picture.png().toFile(at('picture.png'));

  async function print(command: string, args: string[], name: string): Promise<Printed> {
    const program = [...args, at('program.mjs'), at('picture.png'), at(`model-${name}`), String(threads)];
    const { stdout, stderr } = await execute(command, program, user.folder);
    // Warnings of a runtime's own are its affair.
    if (/simclr-ts|fewer threads/.test(stderr)) throw new Error(`it complains: ${stderr}`);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Printed;
  }
  const plain = ['--import', new URL('without-fused.mjs', import.meta.url).href];
  const here = await print(process.execPath, [], 'here');
  // Engines that have fused multiply-add may round twice.
  const expected = [here, await print(process.execPath, plain, 'plain')];
  if (here.wasmBuild === 'plain' || expected[1]!.wasmBuild !== 'plain') {
    throw new Error(`this Node must have both builds. Received: ${expected.map((one) => one.wasmBuild)}.`);
  }

  return {
    async run(runtime) {
      const printed = isThisNode(runtime)
        ? here
        : await print(await getRuntime(runtime), runtime.arguments, runtime.name);
      const text = (value: unknown) => JSON.stringify(value);
      const { values } =
        expected.find((one) => text(one.values.losses) === text(printed.values.losses)) ?? here;
      const checks = Object.entries(values).map(
        ([name, value]) => [name, text(value), text(printed.values[name])] as const,
      );
      checks.push(['the loaded model embeds the same', 'true', text(printed.same)]);
      checks.push(['threads', text(threads), text(printed.threads)]);
      const failed = checks
        .filter(([, wanted, received]) => wanted !== received)
        .map(([name, wanted, received]) => ({ name, error: `expected ${wanted}, received ${received}` }));
      const passed = checks.length - failed.length;
      return { passed, failed, threads: printed.threads, wasmBuild: printed.wasmBuild };
    },
    dispose: user.dispose,
  };
}
