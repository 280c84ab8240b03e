import { Pool } from './pool';

/** How many rows (or columns) of a window lie inside the picture. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function sizeInside(start: i32, filter: i32, size: i32): i32 {
  return min(start + filter, size) - max(start, 0);
}

/** The first window that covers the row (or column) `position`, which counts the padding. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function firstWindow(position: i32, filter: i32, stride: i32): i32 {
  return position < filter ? 0 : (position - filter) / stride + 1;
}

/**
 * Gradient of input rows `first` to `last - 1`, numbered across all pictures. Each window distributes its gradient evenly
 * over its pixels inside the picture.
 */
export function averagePoolGradient(work: Pool, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  for (let inputRow = first; inputRow < last; inputRow++) {
    const picture = inputRow / work.height;
    const padded = inputRow - picture * work.height + work.padTop;
    const firstRow = firstWindow(padded, work.filterHeight, work.strideHeight);
    const endRow = min(padded / work.strideHeight + 1, work.outHeight);
    for (let x = 0; x < work.width; x++) {
      const to = work.inputGradient + <usize>(inputRow * work.width + x) * bytes;
      memory.fill(to, 0, bytes);
      const firstColumn = firstWindow(x + work.padLeft, work.filterWidth, work.strideWidth);
      const endColumn = min((x + work.padLeft) / work.strideWidth + 1, work.outWidth);
      for (let row = firstRow; row < endRow; row++) {
        const rowsInside = sizeInside(row * work.strideHeight - work.padTop, work.filterHeight, work.height);
        for (let column = firstColumn; column < endColumn; column++) {
          const columnsInside = sizeInside(column * work.strideWidth - work.padLeft, work.filterWidth, work.width);
          const from =
            work.gradient + <usize>((picture * work.outHeight + row) * work.outWidth + column) * bytes;
          addShare(from, 1 / <f32>(rowsInside * columnsInside), bytes, to);
        }
      }
    }
  }
}

function addShare(from: usize, share: f32, bytes: usize, to: usize): void {
  const shares = f32x4.splat(share);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    v128.store(to + at, f32x4.add(v128.load(to + at), f32x4.mul(v128.load(from + at), shares)));
  }
  for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at) * share);
}
