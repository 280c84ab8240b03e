import { kinds } from './layout.generated.js';
import { type KernelWidth, moduleBinary } from './module-binary.js';
import { type Fields, writeStructure } from './structures.js';

/** The results of one build of the kernels for given operands, and its speed. */
export interface Products {
  /** The bits of the results. */
  values: Int32Array;
  /** Time of the fastest of many runs. */
  milliseconds: number;
}

/** Sizes of a product that fills the first-level cache, as in Winograd convolutions. */
const [tiles, depth, columns] = [96, 64, 48];
const runsPerBurst = 8;
/** V8 optimizes a function only after it has run for a while. These are the limits of how long to wait for that. */
const maxMilliseconds = 120;
const minMilliseconds = 20;
/** Bursts without improvement after which to stop. */
const maxStaleBursts = 40;

type Run = (kind: number, work: number, first: number, last: number, scratch: number) => void;

/**
 * Runs both product kernels, multiplyPositions and sumPositions, on separate memory, and times the second.
 *
 * @param width - Which build, both with fused multiply-add.
 */
export function measureProducts(width: KernelWidth): Products {
  const binary = moduleBinary({ fused: true, shared: true, width });
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536, shared: true });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const run = instance.exports.run as Run;
  const floats = new Float32Array(memory.buffer);
  const fill = (count: number, at: number, indexOf = (i: number) => i) => {
    for (let i = 0; i < count; i++) floats[at / 4 + indexOf(i)] = ((i * 7919) % 2003) / 1001 - 1;
    return at;
  };
  const panel = width === 'wide' ? 16 : 8;
  const packed = (i: number) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return (column - (column % panel)) * depth + row * panel + (column % panel);
  };
  const left = fill(tiles * depth, 4096);
  const right = fill(tiles * columns, 65536);
  const filters = fill(depth * columns, 131072, packed);
  const [sums, products, work, scratch] = [196608, 262144, 1024, 2048];
  const taskColumns = Math.max(depth, columns); // one task
  const operands = { left, right, result: sums, tiles, depth, columns, accumulate: 0, taskColumns };
  const compute = (kind: number, change: Partial<Fields<'PositionProducts'>> = {}) => {
    writeStructure(memory, work, 'PositionProducts', { ...operands, ...change });
    run(kind, work, 0, 1, scratch);
  };
  compute(kinds.multiplyPositions, { right: filters, result: products });
  compute(kinds.sumPositions);
  compute(kinds.sumPositions, { accumulate: 1 });
  const bits = new Int32Array(columns * depth + tiles * columns);
  bits.set(new Int32Array(memory.buffer, sums, columns * depth));
  bits.set(new Int32Array(memory.buffer, products, tiles * columns), columns * depth);

  writeStructure(memory, work, 'PositionProducts', operands);
  const began = performance.now();
  let fastest = Number.POSITIVE_INFINITY;
  for (let staleBursts = 0; ; staleBursts++) {
    const start = performance.now();
    for (let i = 0; i < runsPerBurst; i++) run(kinds.sumPositions, work, 0, 1, scratch);
    const now = performance.now();
    if (now - start < 0.98 * fastest) staleBursts = 0;
    fastest = Math.min(fastest, now - start);
    const elapsed = now - began;
    if (elapsed > maxMilliseconds || (elapsed > minMilliseconds && staleBursts > maxStaleBursts)) break;
  }
  return { values: bits, milliseconds: fastest / runsPerBurst };
}
