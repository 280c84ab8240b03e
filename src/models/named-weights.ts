import type { Variable } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';

/** The names that tfjs-layers generates for layers and models: the class and a counter of the process. */
const automaticName = /^([a-z]\w*_[A-Z]\w*?|sequential_|model)(\d+)$/;

/**
 * The weights of a model under names that are the same in every process: `role/layer/weight`. tfjs-layers itself
 * appends a counter to a name that was used before in the process, and numbers unnamed layers, so
 * its own names cannot key a checkpoint. Layers without a name are counted within the model instead.
 *
 * @param role - Prefix that tells the models of one trainer apart, such as `'encoder'`.
 */
export function namedWeights(role: string, model: LayersModel): Map<string, LayerVariable> {
  const named = new Map<string, LayerVariable>();
  const layerName = counterWithin();
  // Layer by layer, because the order of `model.weights` depends on which layers are frozen.
  for (const weight of model.layers.flatMap((layer) => layer.weights)) {
    const path = weight.originalName.split('/');
    const own = path.pop()!;
    const base = [role, ...path.map(layerName), own].join('/');
    let name = base;
    for (let copy = 2; named.has(name); copy++) name = `${base}#${copy}`;
    named.set(name, weight);
  }
  return named;
}

/** The weights of both models of a trainer by their stable names. */
export function allWeights(models: {
  encoder: LayersModel;
  projectionHead: LayersModel;
}): Map<string, LayerVariable> {
  return new Map([
    ...namedWeights('encoder', models.encoder),
    ...namedWeights('projectionHead', models.projectionHead),
  ]);
}

/** Replaces the counters in automatic names by new ones, from 1 for each class in the order of the calls. */
function counterWithin(): (name: string) => string {
  const numbered = new Map<string, string>();
  const counts = new Map<string, number>();
  return (name) => {
    const prefix = automaticName.exec(name)?.[1];
    if (prefix === undefined) return name;
    let result = numbered.get(name);
    if (result === undefined) {
      const count = (counts.get(prefix) ?? 0) + 1;
      counts.set(prefix, count);
      result = `${prefix}${count}`;
      numbered.set(name, result);
    }
    return result;
  };
}

/** The tfjs variable inside a weight of a layer: the object itself, not a copy. */
export function variableOf(weight: LayerVariable): Variable {
  return weight.read() as Variable;
}

/**
 * The variables that training changes, in the models' own order: pass them to the gradient of your own training loop.
 *
 * @param models - Usually the encoder and the projection head.
 * @returns The variables themselves, not copies; do not dispose them.
 */
export function trainableVariables(...models: LayersModel[]): Variable[] {
  return models.flatMap((model) => model.trainableWeights.map(variableOf));
}
