import type { Variable } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';

/**
 * The weights of a model under names that are the same in every process: `role/layer/weight`. tfjs-layers itself
 * appends a counter to a name that was used before in the process, so its own names cannot key a checkpoint.
 *
 * @param role - Prefix that tells the models of one trainer apart, such as `'encoder'`.
 */
export function namedWeights(role: string, model: LayersModel): Map<string, LayerVariable> {
  const named = new Map<string, LayerVariable>();
  for (const weight of model.weights) {
    const base = `${role}/${weight.originalName}`;
    let name = base;
    for (let copy = 2; named.has(name); copy++) name = `${base}#${copy}`;
    named.set(name, weight);
  }
  return named;
}

/** The tfjs variable inside a weight of a layer: the object itself, not a copy. */
export function variableOf(weight: LayerVariable): Variable {
  return weight.read() as Variable;
}

/** The variables that training changes, in the models' own order. */
export function trainableVariables(...models: LayersModel[]): Variable[] {
  return models.flatMap((model) => model.trainableWeights.map(variableOf));
}
