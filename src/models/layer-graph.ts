import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { InvalidOptionError } from '../errors/errors.js';

/** A layer of tfjs-layers. */
export type AnyLayer = LayersModel['layers'][number];

/** One call of a layer within a model. */
export interface LayerCall {
  layer: AnyLayer;
  inputs: SymbolicTensor[];
  output: SymbolicTensor;
}

/**
 * The layer calls from a model's inputs to its output, in an order in which they can run.
 *
 * @throws `InvalidOptionError` when a layer has several outputs.
 */
export function layerCalls(caller: string, model: LayersModel): LayerCall[] {
  const calls: LayerCall[] = [];
  const seen = new Set<SymbolicTensor>();
  // An explicit stack, because deep networks would overflow the call stack.
  const pending = [...model.outputs];
  while (pending.length > 0) {
    const output = pending[pending.length - 1]!;
    if (seen.has(output)) {
      pending.pop();
      continue;
    }
    const layer = output.sourceLayer;
    const node = layer.inboundNodes[output.nodeIndex]!;
    if (node.outputTensors.length !== 1) {
      throw new InvalidOptionError(
        `${caller}: every layer must have one output. Received: layer ${JSON.stringify(layer.name)} (${layer.getClassName()}) with ${node.outputTensors.length}.`,
      );
    }
    const inputs = model.inputs.includes(output) ? [] : node.inputTensors;
    const waiting = inputs.filter((input) => !seen.has(input));
    if (waiting.length > 0) {
      pending.push(...waiting.reverse());
      continue;
    }
    pending.pop();
    seen.add(output);
    calls.push({ layer, inputs, output });
  }
  return calls;
}

/** @throws `InvalidOptionError` that names a layer and says why it is not supported. */
export function refuseLayer(caller: string, layer: AnyLayer, reason: string): never {
  throw new InvalidOptionError(
    `${caller}: ${reason}. Received: layer ${JSON.stringify(layer.name)} (${layer.getClassName()}).`,
  );
}

/** The weight of a layer with the role 'kernel', 'bias', 'gamma', ...; undefined if it has none. */
export function weightOf(layer: AnyLayer, role: string): AnyLayer['weights'][number] | undefined {
  return layer.weights.find((weight) => weight.originalName.endsWith(`/${role}`));
}
