import { kinds } from './layout.generated.js';
import { type KernelWidth, moduleBinary } from './module-binary.js';
import { type Fields, writeStructure } from './structures.js';

/** What a build of the kernels gives for known operands, and how fast. */
export interface Products {
  /** Bits of the results. */
  values: Int32Array;
  /** Of the fastest of many runs. */
  milliseconds: number;
}

/** A product that fills the first-level cache, as in Winograd's convolutions. */
const [tiles, depth, columns] = [96, 64, 48];
const runsOfBurst = 8;
/** V8 compiles a function well only after it has run for a while; the longest time that is waited for it. */
const mostMilliseconds = 120;
const leastMilliseconds = 20;
/** Bursts without an improvement after which the fastest is taken. */
const patience = 40;

type Run = (kind: number, work: number, first: number, last: number, scratch: number) => void;

/**
 * Computes one product over rows (sumPositions) and one of rows (multiplyPositions) on memory of its own.
 *
 * @param width - Of the build, with fused multiply-add.
 */
export function measureProducts(width: KernelWidth): Products {
  const binary = moduleBinary({ fused: true, shared: true, width });
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536, shared: true });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const run = instance.exports.run as Run;
  const floats = new Float32Array(memory.buffer);
  const values = (count: number, at: number, place = (i: number) => i) => {
    for (let i = 0; i < count; i++) floats[at / 4 + place(i)] = ((i * 7919) % 2003) / 1001 - 1;
    return at;
  };
  const panel = width === 'wide' ? 16 : 8;
  const packed = (i: number) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return (column - (column % panel)) * depth + row * panel + (column % panel);
  };
  const left = values(tiles * depth, 4096);
  const right = values(tiles * columns, 65536);
  const filters = values(depth * columns, 131072, packed);
  const [sums, products, work, scratch] = [196608, 262144, 1024, 2048];
  const operands = { left, right, result: sums, tiles, depth, columns, accumulate: 0 };
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
  for (let since = 0; ; since++) {
    const start = performance.now();
    for (let i = 0; i < runsOfBurst; i++) run(kinds.sumPositions, work, 0, 1, scratch);
    const now = performance.now();
    if (now - start < 0.98 * fastest) since = 0;
    fastest = Math.min(fastest, now - start);
    const waited = now - began;
    if (waited > mostMilliseconds || (waited > leastMilliseconds && since > patience)) break;
  }
  return { values: bits, milliseconds: fastest / runsOfBurst };
}
