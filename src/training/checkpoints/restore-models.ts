import { io, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { asBackendError } from '../../errors/backend-failure.js';
import { shorten } from '../../errors/checks.js';
import { CheckpointError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { withUndrawnWeights } from '../../models/copy-model.js';
import { allWeights } from '../../models/named-weights.js';
import type { TrainerParts } from '../trainer.js';
import { isExtraTensor } from './extra-state.js';
import { isReadoutTensor } from './saved-readout.js';

/** The model of a saved topology, whose weights are to be restored. */
export async function modelFromTopology(role: string, modelTopology: object): Promise<LayersModel> {
  try {
    return await loadLayersModel(io.fromMemory({ modelTopology: withUndrawnWeights(modelTopology) }));
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'SimCLRError')) throw error;
    throw new CheckpointError(
      `SimCLR.load: the saved ${role} cannot be built. Pass it again as { ${role} }, or register its layers with tfjs. ${shorten((cause as Error).message)}`,
      { cause },
    );
  }
}

/** Gives both models their saved weights. @throws {@link CheckpointError} when names or shapes differ. */
export function restoreWeights(
  models: Pick<TrainerParts, 'encoder' | 'projectionHead'>,
  tensors: NamedTensorMap,
): void {
  const weights = allWeights(models);
  const problems: string[] = [];
  for (const [name, weight] of weights) {
    const tensor = tensors[name];
    if (!tensor) problems.push(`${name} is missing in the checkpoint`);
    else if (!sameShape(tensor, weight.shape)) {
      problems.push(`${name} is [${tensor.shape}] in the checkpoint and [${weight.shape}] in the model`);
    }
  }
  for (const name of Object.keys(tensors)) {
    const isOther = /^(optimizer|loss|average)\//.test(name) || isExtraTensor(name) || isReadoutTensor(name);
    if (!isOther && !weights.has(name)) problems.push(`${name} is unknown to the model`);
  }
  if (problems.length > 0) {
    throw new CheckpointError(
      `SimCLR.load: the checkpoint is of another architecture (${problems.length} weights differ). First: ${problems[0]}.`,
    );
  }
  for (const [name, weight] of weights) weight.write(tensors[name]!);
}

function sameShape(tensor: Tensor, shape: (number | null)[]): boolean {
  return tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis]);
}
