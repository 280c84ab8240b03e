/** What the programs of this lane share: their arguments, Python, and how they report. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';

/** Arguments of the lane. */
export const options = new Command('interop')
  .option('--python <file>', 'Python with the packages', 'python3')
  .option('--only <name>', 'what has this in its name', '')
  .option('--require-all', 'fail if a package is missing', false)
  .parse()
  .opts<{ python: string; only: string; requireAll: boolean }>();

/** A folder for files that both sides read. */
export const folder = mkdtempSync(join(tmpdir(), 'simclr-interop-'));

/** A file in it. */
export const file = (name: string) => join(folder, name);

/** What the other side says of a case: what is missing, what failed, or differences by check and output. */
export interface Answer {
  skipped?: string | undefined;
  failed?: string | undefined;
  [check: string]: Record<string, number> | string | undefined;
}

/** Runs a program beside this one. @throws when it fails. */
export function runPython(script: string, ...args: string[]): void {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status } = spawnSync(options.python, [path, folder, ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`interop: ${options.python} ${script} ended with ${status}`);
}

/** Prints differences. @returns Whether all lie within the tolerance. */
export function report(
  name: string,
  what: string,
  differences: Record<string, number>,
  tolerance = 1e-4,
): boolean {
  const entries = Object.entries(differences);
  const good = entries.length > 0 && entries.every(([, value]) => value <= tolerance);
  const list = entries.map(([key, value]) => `${key} ${value.toExponential(1)}`).join(', ');
  console.log(`${good ? 'ok  ' : 'FAIL'} ${name}: ${what}: ${list}`);
  return good;
}

/** Prints that something is missing or failed. @returns Whether that is allowed. */
export function reportTrouble(name: string, { skipped, failed }: Answer): boolean {
  if (failed !== undefined) console.log(`FAIL ${name}: ${failed}`);
  if (skipped !== undefined) console.log(`skip ${name}: ${skipped}`);
  return failed === undefined && (skipped === undefined || !options.requireAll);
}

/** Runs a program of the lane and ends the process. */
export async function runLane(main: () => Promise<boolean>): Promise<never> {
  let status = 1;
  try {
    if (await main()) status = 0;
  } catch (error) {
    console.error(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit(status);
}
