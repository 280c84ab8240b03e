import { isObject } from '../../errors/checks.js';
import { CheckpointError } from '../../errors/errors.js';

/**
 * Checks that every layer of a saved network can be reached by building one after the other. tfjs waits
 * forever for the input of a layer that never comes: an unknown name, a call that does not exist, a circle.
 *
 * @throws {@link CheckpointError} naming the layer.
 */
export function checkTopology(model: unknown): void {
  const config = isObject(model) ? model.config : undefined;
  const layers = isObject(config) ? config.layers : config;
  if (!Array.isArray(layers)) return; // not a network: building it fails at once
  const calls = new Map<string, unknown[]>();
  for (const layer of layers) {
    if (!isObject(layer)) continue;
    checkTopology(layer);
    const name = isObject(layer.config) ? layer.config.name : undefined;
    if (!('inbound_nodes' in layer) && !('inboundNodes' in layer)) continue; // of a sequence
    const nodes = layer.inbound_nodes ?? layer.inboundNodes;
    if (typeof name !== 'string' || layer.name !== name || !Array.isArray(nodes) || calls.has(name)) {
      fail(`each layer must have a name of its own`, name);
    }
    // An input layer counts as called once, and nothing is handed to it.
    const isInput = (layer.class_name ?? layer.className) === 'InputLayer';
    calls.set(name, isInput && nodes.length === 0 ? [[]] : nodes);
  }
  checkCalls(calls);
}

/** Repeatedly marks each layer whose inputs are there as built, until no more can be. */
function checkCalls(calls: Map<string, unknown[]>): void {
  const built = new Map<string, number>([...calls].map(([name]) => [name, 0]));
  const done = (name: string) => built.get(name)! >= calls.get(name)!.length;
  for (let progress = true; progress; ) {
    progress = false;
    for (const [name, nodes] of calls) {
      if (done(name)) continue;
      const node = nodes[built.get(name)!];
      if (!Array.isArray(node)) fail('the inputs of each layer must be a list', name);
      const ready = node.every((input) => {
        const [from, index] = Array.isArray(input) ? input : [];
        return (
          typeof from === 'string' && built.has(from) && Number.isInteger(index) && built.get(from)! > index
        );
      });
      if (!ready) continue;
      built.set(name, built.get(name)! + 1);
      progress = true;
    }
  }
  const waiting = [...calls.keys()].find((name) => !done(name));
  if (waiting !== undefined) fail('the inputs of each layer must come from layers of the network', waiting);
}

function fail(expectation: string, name: unknown): never {
  throw new CheckpointError(
    `SimCLR.load: source must hold networks that can be built: ${expectation}. Received: layer ${JSON.stringify(name)?.slice(0, 80)}.`,
  );
}
