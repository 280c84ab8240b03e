import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import { CheckpointError } from '../../errors/errors.js';
import type { NamedTensor } from '../../optimizers/index.js';
import type { StatefulPart } from '../../tensors/stateful-part.js';

const prefix = 'extra';

/** Tensors and JSON of all extra states at this moment. The caller disposes the tensors. */
export function captureExtraState(parts: Record<string, StatefulPart>): {
  tensors: NamedTensor[];
  json: Record<string, unknown>;
} {
  const tensors: NamedTensor[] = [];
  const json: Record<string, unknown> = {};
  try {
    for (const [name, part] of Object.entries(parts)) {
      const captured = part.capture();
      json[name] = captured.json ?? null;
      for (const [key, tensor] of Object.entries(captured.tensors ?? {})) {
        tensors.push({ name: `${prefix}/${name}/${key}`, tensor });
      }
    }
  } catch (error) {
    for (const { tensor } of tensors) tensor.dispose();
    throw error;
  }
  return { tensors, json };
}

/** Whether a tensor of a checkpoint is part of an extra state. */
export function isExtraTensor(name: string): boolean {
  return name.startsWith(`${prefix}/`);
}

/**
 * Gives extra states back what was saved under their names. One that was not saved stays as it is.
 *
 * @throws {@link CheckpointError} when one was saved that is not among `parts`: training would silently lose it.
 */
export async function restoreExtraState(
  parts: Record<string, StatefulPart>,
  json: Record<string, unknown>,
  tensors: NamedTensorMap,
): Promise<void> {
  const lost = Object.keys(json).filter((name) => !Object.hasOwn(parts, name));
  if (lost.length > 0) {
    throw new CheckpointError(
      `SimCLR.load: the checkpoint holds a state named ${JSON.stringify(lost[0])}, which this trainer does not have. Pass its part again as { extraState: { ${JSON.stringify(lost[0])}: ... } }.`,
    );
  }
  for (const [name, state] of Object.entries(json)) {
    const start = `${prefix}/${name}/`;
    const own = Object.entries(tensors).filter(([key]) => key.startsWith(start));
    await parts[name]!.restore({
      json: state,
      tensors: Object.fromEntries(own.map(([key, tensor]) => [key.slice(start.length), tensor])),
    });
  }
}
