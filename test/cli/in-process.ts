import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';
import type { Outcome } from './run-cli.js';

/** Runs the command line in this process, which takes no time to start: paths are relative to its own folder. */
export async function runHere(args: readonly string[]): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation(((
      chunk: string | Uint8Array,
      encoding?: unknown,
      done?: () => void,
    ) => {
      texts[name] += String(chunk);
      (typeof encoding === 'function' ? encoding : done)?.();
      return true;
    }) as typeof process.stdout.write),
  );
  try {
    return { code: await runCommandLine(args), ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
