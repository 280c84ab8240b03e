import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { AnyLayer } from '../../models/layer-graph.js';
import { variableOf } from '../../models/named-weights.js';

/** Two 32-bit lanes of FNV-1a over the words of weights: tells weights apart, and is no protection against forgery. */
function hashWords(words: Uint32Array, lanes: [number, number]): void {
  let [a, b] = lanes;
  for (let i = 0; i < words.length; i++) {
    a = Math.imul(a ^ words[i]!, 0x01000193);
    b = Math.imul(b ^ (words[i]! >>> 7) ^ (words[i]! << 25), 0x01000193);
  }
  lanes[0] = a;
  lanes[1] = b;
}

/**
 * A text that is the same for the same weights, and another for others.
 *
 * @param model - Layers are taken in the order of their names, because tfjs orders those of one depth as it pleases.
 * @returns 16 hexadecimal digits.
 */
export async function fingerprint(model: LayersModel): Promise<string> {
  const lanes: [number, number] = [0x811c9dc5 | 0, 0x1b873593];
  const layers = [...model.layers].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const weight of layers.flatMap((layer) => layer.weights)) {
    const values = Float32Array.from(await variableOf(weight).data());
    hashWords(new Uint32Array(values.buffer), lanes);
  }
  return lanes.map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}

/**
 * Whether a copy still has the very weights of its encoder. A copy shares their data, which no operation changes in
 * place: every update gives a variable new data.
 *
 * @param copied - The layers of the copy, which have the names of the encoder's.
 */
export function sharesWeights(copied: readonly AnyLayer[], encoder: LayersModel): boolean {
  const layers = new Map(encoder.layers.map((layer) => [layer.name, layer]));
  return copied.every(({ name, weights }) => {
    const theirs = layers.get(name)?.weights ?? []; // a sequence does not list its input
    return (
      theirs.length === weights.length &&
      weights.every((weight, i) => variableOf(weight).dataId === variableOf(theirs[i]!).dataId)
    );
  });
}
