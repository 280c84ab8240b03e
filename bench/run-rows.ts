import { compare, type Result } from './compare.js';
import type { MeasureOptions } from './measure.js';
import type { Row } from './rows.js';
import type { Runtime } from './runtimes.js';
import type { RuntimeName, Side } from './side.js';
import { formatHeader, formatResult } from './table.js';
import { startWorker } from './worker-process.js';

/** Callbacks of {@link runRows}. */
export interface Surroundings {
  /** Finds a runtime on this machine; called once for each. */
  find(name: RuntimeName): Runtime;
  /** Prints one line. */
  print(line: string): void;
  /** Called after each row with all results so far. */
  onResult(results: readonly Result[]): Promise<void>;
}

/**
 * Measures rows one after the other and prints the table. A row whose baseline is missing is left out; one that fails
 * is reported, and the others are measured nevertheless.
 *
 * @returns The results, and how many rows failed.
 */
export async function runRows(
  rows: readonly Row[],
  options: MeasureOptions,
  { find, print, onResult }: Surroundings,
): Promise<{ results: Result[]; failed: number }> {
  const runtimes = new Map<RuntimeName, Runtime>();
  const runtimeOf = ({ runtime }: Side): Runtime => {
    const found = runtimes.get(runtime) ?? find(runtime);
    runtimes.set(runtime, found);
    return found;
  };
  const start = (side: Side) => {
    const found = runtimeOf(side);
    if ('missing' in found) throw new Error(found.missing);
    return startWorker(side.runtime, found.start(side));
  };

  const results: Result[] = [];
  let failed = 0;
  print(formatHeader());
  for (const row of rows) {
    const missing = [row.ours, row.baseline]
      .map(runtimeOf)
      .flatMap((found) => ('missing' in found ? [found.missing] : []));
    if (missing.length > 0) {
      print(`${row.name}: left out, ${missing[0]}.`);
      continue;
    }
    try {
      const result = await compare(row, start, options);
      print(formatResult(result));
      results.push(result);
      await onResult(results);
    } catch (error) {
      print(`${row.name}: failed. ${(error as Error).message}`);
      failed++;
    }
  }
  return { results, failed };
}
