import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { layerCalls } from '../layer-graph.js';
import { foldCalls, type InferenceStep } from './fold-calls.js';

/**
 * A model in inference mode: a function with the results of `model.apply(x, { training: false })` but for rounding.
 *
 * A convolution and what follows it (batch normalization, addition, ReLU) become one operation. Weights are read at every
 * call. Layers that are added to the model later are not seen.
 *
 * @returns A function of one tensor whose first axis is the batch. The caller disposes of what it returns.
 */
export function inferenceOf(model: LayersModel): (x: Tensor) => Tensor {
  const steps = hasPlainGraph(model) ? foldCalls(layerCalls('inferenceOf', model), model.outputs[0]!) : [];
  if (!steps.some(({ isFolded }) => isFolded)) return (x) => model.apply(x, { training: false }) as Tensor;
  const [input, output] = [model.inputs[0]!, model.outputs[0]!];
  const lastUses = lastUsesOf(steps, output);
  return (x) =>
    tidy(() => {
      const values = new Map<SymbolicTensor, Tensor>([[input, x]]);
      for (const [index, step] of steps.entries()) {
        values.set(step.output, step.run(step.inputs.map((symbol) => values.get(symbol)!)));
        for (const symbol of lastUses[index]!) {
          if (symbol !== input) values.get(symbol)!.dispose();
          values.delete(symbol);
        }
      }
      return values.get(output)!;
    });
}

/** Layers whose masks reach other layers, which a list of steps does not pass on. */
const maskingLayers = new Set(['Embedding', 'Masking']);

/** Whether a model has one input and one output, as have its layers, and nothing passes between layers but tensors. */
function hasPlainGraph(model: LayersModel): boolean {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) return false;
  return model.layers.every(
    (layer) =>
      !layer.stateful &&
      !maskingLayers.has(layer.getClassName()) &&
      layer.inboundNodes.every(({ outputTensors }) => outputTensors.length === 1),
  );
}

/** The tensors that no step needs after each step. */
function lastUsesOf(steps: readonly InferenceStep[], output: SymbolicTensor): SymbolicTensor[][] {
  const needed = new Set([output]);
  const uses: SymbolicTensor[][] = [];
  for (const { inputs } of [...steps].reverse()) {
    uses.unshift([...new Set(inputs)].filter((input) => !needed.has(input)));
    for (const input of inputs) needed.add(input);
  }
  return uses;
}
