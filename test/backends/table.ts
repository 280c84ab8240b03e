/** The results of a backend or a runtime on this machine. */
export interface BackendRow {
  backend: string;
  /** What ran there: the numeric tests, or a program that uses the built package. */
  ran: 'tests' | 'program';
  available: boolean;
  /** Why it is not available; empty where it is. */
  reason: string;
  /** Least relative tolerance of the comparisons; 0: each test's own. */
  tolerance: number;
  fixturesPassed: number;
  fixturesFailed: number;
  /** Threads of the wasm kernels; null on other backends. */
  threads: number | null;
  /** Build of the wasm kernels: 'plain', 'relaxed' (fused multiply-add) or 'wide' (and vectors of 256 bits); or null. */
  wasmBuild: string | null;
  /** Of the small network of throughput.ts; null where nothing was measured. */
  pairsPerSecond: number | null;
  /** To the row 'wasm' of the same run. */
  ratioToWasm: number | null;
  /** Why some tests are left out; empty where all are run. */
  leftOut: string;
}

const number = (value: number | null) => (value === null ? '' : String(Number(value.toPrecision(2))));

const rowsAsTable = (heading: string[], cells: string[][]) =>
  [heading, heading.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n');

/** What every row begins with. */
const result = (row: BackendRow) => [
  `\`${row.backend}\``,
  row.available ? String(row.fixturesPassed) : `not run: ${row.reason}`,
  row.available ? String(row.fixturesFailed) : '',
];
const kernels = ({ threads, wasmBuild }: BackendRow) => [
  threads === null ? '' : String(threads),
  wasmBuild ?? '',
];

/** The rows as tables in Markdown: backends, then runtimes. */
export function formatTable(rows: readonly BackendRow[]): string {
  const of = (ran: BackendRow['ran']) => rows.filter((row) => row.ran === ran);
  const backends = of('tests').map((row) => [
    ...result(row),
    row.available ? (row.tolerance === 0 ? "the tests' own" : String(row.tolerance)) : '',
    ...kernels(row),
    number(row.pairsPerSecond),
    number(row.ratioToWasm),
  ]);
  const runtimes = of('program').map((row) => [...result(row), ...kernels(row)]);
  const tests = ['backend', 'tests passed', 'failed', 'least tolerance', 'threads', 'build'];
  const tables = [
    ...(backends.length > 0 ? [rowsAsTable([...tests, 'pairs per second', 'to `wasm`'], backends)] : []),
    ...(runtimes.length > 0
      ? [rowsAsTable(['runtime', 'checks passed', 'failed', 'threads', 'build'], runtimes)]
      : []),
  ];
  const reasons = new Map<string, string[]>();
  for (const { available, backend, leftOut } of rows) {
    if (!available || leftOut === '') continue;
    reasons.set(leftOut, [...(reasons.get(leftOut) ?? []), `\`${backend}\``]);
  }
  const notes = [...reasons].map(([reason, backends]) => `Left out on ${backends.join(', ')}: ${reason}.`);
  return [...tables, ...notes].join('\n\n');
}
