import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { InvalidOptionError } from '../errors/errors.js';
import type { OpenSizes } from './check-encoder.js';

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

/**
 * The shape of every tensor of a model for pictures of a size, where the model itself may leave sizes open.
 *
 * @param calls - Those of {@link layerCalls}.
 * @param size - Height and width of the pictures, in pixels.
 */
export function shapesAt(
  calls: readonly LayerCall[],
  [height, width]: readonly [number, number],
): Map<SymbolicTensor, OpenSizes> {
  const shapes = new Map<SymbolicTensor, OpenSizes>();
  for (const { layer, inputs, output } of calls) {
    if (inputs.length === 0) {
      const [batch, , , channels] = output.shape;
      shapes.set(output, output.shape.length === 4 ? [batch!, height, width, channels!] : output.shape);
      continue;
    }
    const [first, ...others] = inputs.map((input) => [...shapes.get(input)!]);
    const given = others.length === 0 ? first! : [first!, ...others];
    shapes.set(output, layer.computeOutputShape(given) as (number | null)[]);
  }
  return shapes;
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
