/**
 * How fast the library is, as ratios against baselines measured in the same run.
 *
 *     npm run bench                  (npm run bench -- --help for the flags; bench/README.md for what they mean)
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { availableCores } from '../src/backend/available-cores.js';
import type { Result } from './compare.js';
import { type BenchOptions, readOptions } from './options.js';
import { buildRows, selectRows } from './rows.js';
import { runRows } from './run-rows.js';
import { findRuntime } from './runtimes.js';
import { formatResult } from './table.js';

const pauseRow = 'checkpoint-pause';

async function main(options: BenchOptions): Promise<void> {
  const all = buildRows({ ...options, cores: availableCores() });
  const asked = options.only?.split(',').map((name) => name.trim());
  const others = asked?.filter((name) => name !== pauseRow);
  const rows = others === undefined ? all : others.length > 0 ? selectRows(all, others.join(',')) : [];
  const wantsPause = asked === undefined || asked.includes(pauseRow);
  if (options.list) {
    for (const { name } of rows) console.log(name);
    if (wantsPause) console.log(pauseRow);
    return;
  }
  if (!existsSync(fileURLToPath(new URL('../dist/index.js', import.meta.url)))) {
    throw new Error('bench: the built library is measured, and dist is missing. Run npm run build first.');
  }
  const { json } = options;
  const write = async (results: readonly Result[]) => {
    if (json !== undefined) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`);
  };
  if (json !== undefined) await mkdir(dirname(json), { recursive: true });
  await write([]); // fail before measuring if the path cannot be written

  console.log(describeMachine());
  const { results, failed } = await runRows(rows, options, {
    find: findRuntime,
    print: (line) => console.log(line),
    onResult: write,
  });
  if (wantsPause) {
    const pause = await measurePause();
    console.log(formatResult(pause));
    await write([...results, pause]);
  }
  if (failed > 0) process.exitCode = 1;
}

/** How long a checkpoint delays training, in a process of its own, because the thread pool belongs to the process. */
async function measurePause(): Promise<Result> {
  const script = fileURLToPath(new URL('checkpoint-pause.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script]);
  const { value, unit, ratio, spread, rounds } = JSON.parse(stdout) as Pause;
  const allowed = value * ratio;
  return {
    name: pauseRow,
    value,
    unit,
    baseline: `${(100 * allowed).toFixed(0)} % of a step`,
    ratio,
    baselineValue: allowed,
    ours: 'saving a checkpoint of ResNet-18 while training',
    spread: {
      value: spread,
      baseline: [allowed, allowed],
      ratio: [allowed / spread[1], allowed / spread[0]],
    },
    rounds,
  };
}

interface Pause {
  value: number;
  unit: string;
  ratio: number;
  spread: [number, number];
  rounds: number;
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
