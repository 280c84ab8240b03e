/**
 * The packed library under Bun and Deno, which have Node's modules but not its loader: they come from npm. Where one
 * cannot be had its test fails, so that a missing runtime never looks like a passed test;
 * `SIMCLR_LEAVE_OUT_OTHER_RUNTIMES=1` makes it a printed omission.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consumer, execute } from '../package/packed.js';
import { getRuntime, runtimes } from './get-runtime.js';

let user: Awaited<ReturnType<typeof consumer>>;
/** Node's, with fused multiply-add and without: engines that have the instruction may round twice. */
let expected: Record<string, unknown>[];

/** What the program prints, under a command. */
async function run(command: string, args: string[], name: string): Promise<Record<string, unknown>> {
  const program = [
    ...args,
    join(user.folder, 'program.mjs'),
    join(user.folder, 'picture.png'),
    join(user.folder, name),
  ];
  const { stdout, stderr } = await execute(command, program, user.folder);
  expect(stderr).not.toMatch(/simclr-ts|fewer threads/);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
}

beforeAll(async () => {
  user = await consumer();
  copyFileSync(fileURLToPath(new URL('program.mjs', import.meta.url)), join(user.folder, 'program.mjs'));
  const pixels = Uint8Array.from({ length: 192 }, (_, i) => (i * 41) % 256);
  await sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } })
    .png()
    .toFile(join(user.folder, 'picture.png'));
  const plain = ['--import', new URL('without-fused.mjs', import.meta.url).href];
  expected = [await run(process.execPath, [], 'node'), await run(process.execPath, plain, 'node without')];
});
afterAll(() => user.dispose());

it('trains, saves and decodes under Node', () => {
  for (const one of expected) {
    expect(one).toMatchObject({ reason: 'WebAssembly on the processor, 2 threads', same: true });
    expect(one.losses).toHaveLength(3);
  }
  expect(expected[0]!.losses).not.toEqual(expected[1]!.losses);
});

it.for(runtimes)('gives the numbers of Node under $name, on two threads', async (runtime, { skip }) => {
  let binary: string;
  try {
    binary = getRuntime(runtime);
  } catch (error) {
    if (process.env.SIMCLR_LEAVE_OUT_OTHER_RUNTIMES !== '1') throw error;
    console.warn(`left out, because SIMCLR_LEAVE_OUT_OTHER_RUNTIMES=1: ${(error as Error).message}`);
    return skip((error as Error).message);
  }
  expect(expected).toContainEqual(await run(binary, runtime.arguments, runtime.name));
});
