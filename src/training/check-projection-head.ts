import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../errors/errors.js';

/** @throws {@link ShapeError} unless `head` maps `[N, inputDim]` to a rank-2 output. */
export function checkProjectionHead(head: LayersModel, inputDim: number): void {
  const input = head.inputs?.[0]?.shape;
  const output = head.outputs?.[0]?.shape;
  if (input?.length !== 2 || input[1] !== inputDim || output?.length !== 2) {
    throw new ShapeError(
      `SimCLR: projectionHead must take the encoder's output [N, ${inputDim}] and give [N, D]. ` +
        `Received: projectionHead from [${input}] to [${output}].`,
    );
  }
}
