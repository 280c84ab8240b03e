/** Values per task. */
export const valuesPerTask: i32 = 16384;

/** Two operands, broadcast over [outer, rows, inner]: a step of 0 repeats an operand along that axis. */
@unmanaged
export class Elementwise {
  a!: usize;
  b!: usize;
  result!: usize;
  length!: i32;
  rows!: i32;
  inner!: i32;
  /** Steps of each operand along outer, rows and inner, in values. The step along inner is 0 or 1. */
  aOuter!: i32;
  aRow!: i32;
  aInner!: i32;
  bOuter!: i32;
  bRow!: i32;
  bInner!: i32;
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function combineVectors(operation: i32, a: v128, b: v128): v128 {
  if (operation == 0) return f32x4.add(a, b);
  if (operation == 1) return f32x4.sub(a, b);
  if (operation == 2) return f32x4.mul(a, b);
  return f32x4.div(a, b);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function combineValues(operation: i32, a: f32, b: f32): f32 {
  if (operation == 0) return a + b;
  if (operation == 1) return a - b;
  if (operation == 2) return a * b;
  return a / b;
}

/** Tasks `first` to `last - 1` of one operation. Inlined with a constant, so that each operation gets its own loop. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function combine(operation: i32, work: Elementwise, first: i32, last: i32): void {
  const end = min(work.length, last * valuesPerTask);
  const inner = work.inner;
  const aStep = <usize>work.aInner << 2;
  const bStep = <usize>work.bInner << 2;
  for (let index = first * valuesPerTask; index < end; ) {
    const line = index / inner;
    const column = index - line * inner;
    const outer = line / work.rows;
    const row = line - outer * work.rows;
    const count = min(inner - column, end - index);
    let a = work.a + (<usize>(outer * work.aOuter + row * work.aRow + column * work.aInner) << 2);
    let b = work.b + (<usize>(outer * work.bOuter + row * work.bRow + column * work.bInner) << 2);
    let to = work.result + (<usize>index << 2);
    const whole = to + (<usize>(count & ~3) << 2);
    const stop = to + (<usize>count << 2);
    if (aStep == 0) {
      const repeated = f32x4.splat(load<f32>(a));
      for (; to < whole; to += 16) {
        v128.store(to, combineVectors(operation, repeated, v128.load(b)));
        b += 16;
      }
    } else if (bStep == 0) {
      const repeated = f32x4.splat(load<f32>(b));
      for (; to < whole; to += 16) {
        v128.store(to, combineVectors(operation, v128.load(a), repeated));
        a += 16;
      }
    } else {
      for (; to < whole; to += 16) {
        v128.store(to, combineVectors(operation, v128.load(a), v128.load(b)));
        a += 16;
        b += 16;
      }
    }
    for (; to < stop; to += 4) {
      store<f32>(to, combineValues(operation, load<f32>(a), load<f32>(b)));
      a += aStep;
      b += bStep;
    }
    index += count;
  }
}

export function addValues(work: Elementwise, first: i32, last: i32): void {
  combine(0, work, first, last);
}

export function subtractValues(work: Elementwise, first: i32, last: i32): void {
  combine(1, work, first, last);
}

export function multiplyValues(work: Elementwise, first: i32, last: i32): void {
  combine(2, work, first, last);
}

export function divideValues(work: Elementwise, first: i32, last: i32): void {
  combine(3, work, first, last);
}
