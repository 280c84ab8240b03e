/**
 * How fast the library is, as ratios against baselines measured in the same run.
 *
 *     npm run bench                  (npm run bench -- --help for the flags; bench/README.md for what they mean)
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from './compare.js';
import { type BenchOptions, readOptions } from './options.js';
import { buildRows, selectRows } from './rows.js';
import { runRows } from './run-rows.js';
import { findRuntime } from './runtimes.js';

async function main(options: BenchOptions): Promise<void> {
  const all = buildRows(options);
  const rows = options.only === undefined ? all : selectRows(all, options.only);
  if (options.list) {
    for (const { name } of rows) console.log(name);
    return;
  }
  if (!existsSync(fileURLToPath(new URL('../dist/index.js', import.meta.url)))) {
    throw new Error('bench: the built library is measured, and dist is missing. Run npm run build:js first.');
  }
  const { json } = options;
  const write = async (results: readonly Result[]) => {
    if (json !== undefined) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`);
  };
  if (json !== undefined) await mkdir(dirname(json), { recursive: true });
  await write([]); // a path that cannot be written is known before anything is measured

  console.log(describeMachine());
  const { failed } = await runRows(rows, options, {
    find: findRuntime,
    print: (line) => console.log(line),
    onResult: write,
  });
  if (failed > 0) process.exitCode = 1;
}

function describeMachine(): string {
  const [load] = loadavg();
  const busy = load! > 0.5 ? `; load ${load!.toFixed(1)}: other work runs here, so expect noise` : '';
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${processor}, ${availableParallelism()} cores, Node ${process.versions.node}${busy}`;
}

main(readOptions(process.argv)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
