/** A shape as tfjs-layers has it: `null` where a size is open. */
export type OpenSizes = readonly (number | null)[];

/** Whether `shape` is `expected`, whose open sizes fit any. */
export function fitsShape(shape: readonly number[], expected: OpenSizes): boolean {
  return (
    shape.length === expected.length && expected.every((size, axis) => size === null || size === shape[axis])
  );
}

/** A shape in an error message. */
export function describeShape(shape: OpenSizes): string {
  return shape.map((size) => size ?? 'null').join(',');
}
