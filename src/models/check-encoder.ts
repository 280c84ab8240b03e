import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../errors/errors.js';

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

/**
 * Checks that a model maps a batch of pictures to a batch of vectors.
 *
 * @param encoder - Any model of tfjs-layers.
 * @param caller - Prefix of the error message.
 * @returns The length of the vectors.
 * @throws {@link ShapeError} when the model has more than one input or output, or its output is not
 * `[batch, dim]` with a known `dim`.
 * @example
 * const inputDim = checkEncoder(encoder);
 */
export function checkEncoder(encoder: LayersModel, caller = 'checkEncoder'): number {
  if (encoder.inputs?.length !== 1 || encoder.outputs?.length !== 1) {
    throw new ShapeError(
      `${caller}: encoder must have one input and one output. Received: encoder with ${encoder.inputs?.length ?? 0} inputs and ${encoder.outputs?.length ?? 0} outputs.`,
    );
  }
  const shape = encoder.outputs[0]!.shape;
  const dim = shape[1];
  if (shape.length !== 2 || typeof dim !== 'number') {
    const advice =
      shape.length === 4
        ? 'add a global average pool at its end (layers.globalAveragePooling2d({}))'
        : 'flatten its output (layers.flatten())';
    const received = describeShape(shape);
    throw new ShapeError(
      `${caller}: encoder must give one vector per picture, output shape [batch, dim]; ${advice}. Received: encoder with output shape [${received}].`,
    );
  }
  return dim;
}
