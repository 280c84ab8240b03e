import type { Optimizer, serialization, Tensor } from '@tensorflow/tfjs-core';
import { CheckpointError } from '../../errors/errors.js';
import { namedWeights, variableOf } from '../../models/named-weights.js';
import type { NamedTensor, OptimizerState } from '../../optimizers/index.js';
import { isNamed } from '../../optimizers/is-named.js';
import type { TrainerParts } from '../trainer.js';

/** An optimizer's part of a checkpoint, but for the values of its slots. */
export interface OptimizerDescription {
  className: string;
  config: serialization.ConfigDict;
  /** Steps taken and, for this library's optimizers, updates and shape by variable. */
  step: number;
  variables: Record<string, { step: number; shape: number[] }>;
}

const prefix = 'optimizer';

/** Optimizer slots are keyed by tfjs variable names, which differ between processes; checkpoints have stable ones. */
function stableNames(parts: Pick<TrainerParts, 'encoder' | 'projectionHead'>): Map<string, string> {
  const { encoder, projectionHead } = parts;
  const named = [...namedWeights('encoder', encoder), ...namedWeights('projectionHead', projectionHead)];
  return new Map(named.map(([name, weight]) => [variableOf(weight).name, name]));
}

/** What a checkpoint keeps of the optimizer. The caller disposes the tensors. */
export async function describeOptimizer(
  parts: Pick<TrainerParts, 'encoder' | 'projectionHead' | 'optimizer'>,
): Promise<{ description: OptimizerDescription; tensors: NamedTensor[] }> {
  const { optimizer } = parts;
  const className = optimizer.getClassName();
  const config = optimizer.getConfig();
  if (!isNamed(optimizer)) {
    // tf.train's optimizers know their slots by position: the order of the variables is that of the models.
    const weights = await optimizer.getWeights();
    const tensors = weights.map((weight, index) => ({
      name: `${prefix}/${index}`,
      tensor: weight.tensor.clone(),
    }));
    weights[0]?.tensor.dispose(); // the step count is made for the caller, the rest is the optimizer's own
    return { description: { className, config, step: optimizer.iterations, variables: {} }, tensors };
  }
  const names = stableNames(parts);
  const { step, variables } = optimizer.capture((name) => names.get(name) ?? name);
  const description: OptimizerDescription = { className, config, step, variables: {} };
  const tensors: NamedTensor[] = [];
  for (const [name, state] of Object.entries(variables)) {
    description.variables[name] = { step: state.step, shape: state.shape };
    for (const [slot, value] of Object.entries(state.slots)) {
      tensors.push({ name: `${prefix}/${name}/${slot}`, tensor: value });
    }
  }
  return { description, tensors };
}

/** Gives the optimizer of a loaded trainer its saved state, where it is the optimizer that was saved. */
export async function restoreOptimizer(
  parts: Pick<TrainerParts, 'encoder' | 'projectionHead' | 'optimizer'>,
  saved: OptimizerDescription,
  tensors: Record<string, Tensor>,
): Promise<void> {
  const { optimizer } = parts;
  if (optimizer.getClassName() !== saved.className) return;
  if (!isNamed(optimizer)) {
    await restoreByPosition(optimizer, tensors);
    return;
  }
  const variableNames = new Map([...stableNames(parts)].map(([variable, name]) => [name, variable]));
  const state: OptimizerState = { className: saved.className, step: saved.step, variables: {} };
  for (const [name, { step, shape }] of Object.entries(saved.variables)) {
    const slots: Record<string, Float32Array> = {};
    const start = `${prefix}/${name}/`;
    for (const [key, value] of Object.entries(tensors)) {
      if (key.startsWith(start)) slots[key.slice(start.length)] = (await value.data()) as Float32Array;
    }
    state.variables[name] = { step, shape, slots };
  }
  optimizer.restore(state, (name) => {
    const variable = variableNames.get(name);
    if (variable !== undefined) return variable;
    throw new CheckpointError(
      `SimCLR.load: the optimizer's state names ${name}, which the models do not have.`,
    );
  });
}

async function restoreByPosition(optimizer: Optimizer, tensors: Record<string, Tensor>): Promise<void> {
  const weights: NamedTensor[] = [];
  // The optimizer makes variables of what it is given, which share its data but do not dispose of it.
  for (let index = 0; tensors[`${prefix}/${index}`]; index++) {
    weights.push({ name: `${index}`, tensor: tensors[`${prefix}/${index}`]! });
  }
  if (weights.length > 0) await optimizer.setWeights(weights);
}
