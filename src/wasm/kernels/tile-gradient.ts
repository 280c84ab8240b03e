import {
  type GradConfig,
  registerGradient,
  reshape,
  sum,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

/** Neighboring axes of a tiled tensor that are all copies, or all values of the original. */
interface Axis {
  size: number;
  isCopies: boolean;
}

/** The axes of a tiled tensor, each split into its copies and its values. Neighbors of a kind are merged. */
function splitAxes(shape: readonly number[], reps: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (const [index, size] of shape.entries()) {
    for (const next of [
      { size: reps[index]!, isCopies: true },
      { size, isCopies: false },
    ]) {
      if (next.size === 1) continue;
      const last = axes.at(-1);
      if (last?.isCopies === next.isCopies) last.size *= next.size;
      else axes.push(next);
    }
  }
  return axes;
}

/** The sum over all copies. */
function sumOfCopies(dy: Tensor, shape: number[], reps: readonly number[]): Tensor {
  const axes = splitAxes(shape, reps);
  let total = reshape(
    dy,
    axes.map(({ size }) => size),
  );
  // From the last axis, so that the numbers of the others stay.
  for (let axis = axes.length - 1; axis >= 0; axis--) if (axes[axis]!.isCopies) total = sum(total, axis);
  return reshape(total, shape);
}

/**
 * The gradient of `Tile` as sums over axes. TensorFlow.js slices out every copy and adds it: a layer normalization, which
 * tiles its scale and its offset over all pixels, takes two slices and two sums per pixel of the batch.
 */
const tileGradient: GradConfig = {
  kernelName: 'Tile',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attributes) => {
    const { shape } = x as TensorInfo;
    const { reps } = attributes as unknown as { reps: number[] };
    return { x: () => sumOfCopies(dy as Tensor, shape, reps) };
  },
};

/**
 * Registers this gradient, for every backend. Call it once all of TensorFlow.js is loaded: `@tensorflow/tfjs-layers` registers
 * TensorFlow.js's own when it is imported.
 */
export function registerTileGradient(): void {
  registerGradient(tileGradient);
}
