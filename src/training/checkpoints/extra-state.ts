import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import { CheckpointError } from '../../errors/errors.js';
import type { NamedTensor } from './optimizer-state.js';

/** What a part of training remembers between steps besides weights and optimizer, such as a queue of negatives. */
export interface CapturedExtraState {
  /** Tensors by name, clones that the caller disposes. @defaultValue none */
  tensors?: NamedTensorMap;
  /** Plain JSON, with finite numbers only: saving refuses others. @defaultValue `null` */
  json?: unknown;
}

/** A part of training whose state belongs to a checkpoint, under a name given in `extraState`. */
export interface ExtraState {
  /**
   * The state of this moment: everything is read before the function returns, for training goes on meanwhile. A
   * `clone()` of a tensor copies nothing.
   */
  capture(): CapturedExtraState;
  /**
   * Takes a saved state over. The tensors are disposed of after the call: what is kept must be cloned.
   *
   * @throws any error when it is no state of this part: loading then fails with it.
   */
  restore(state: Required<CapturedExtraState>): void | Promise<void>;
}

const prefix = 'extra';

/** Tensors and JSON of all extra states at this moment. The caller disposes the tensors. */
export function captureExtraState(parts: Record<string, ExtraState>): {
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
  parts: Record<string, ExtraState>,
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
