import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { convolutionOf } from '../../models/inference/foldable-layers.js';
import { type AnyLayer, type LayerCall, weightOf } from '../../models/layer-graph.js';
import { isNormalization } from './walk-layers.js';

/** How the layers of residual blocks are to begin. */
export interface BlockPlan {
  /** Convolutions that take the directions in which their own patches vary. */
  whitened: Set<AnyLayer>;
  /** Convolutions that pass their maps on. */
  passing: Set<AnyLayer>;
  /** Batch normalizations whose branch adds nothing. */
  silent: Set<AnyLayer>;
}

/** The calls that lead to a tensor, from the last one back, as long as each takes one tensor. */
function chainTo(tensor: SymbolicTensor, byOutput: ReadonlyMap<SymbolicTensor, LayerCall>): LayerCall[] {
  const chain: LayerCall[] = [];
  for (let call = byOutput.get(tensor); call?.inputs.length === 1; call = byOutput.get(call.inputs[0]!)) {
    chain.push(call);
  }
  return chain;
}

/** Whether a convolution can pass its maps on: as many maps of the same size come out, and it has a middle. */
function canPass(layer: AnyLayer): boolean {
  const [height, width, channels, filters] = weightOf(layer, 'kernel')!.shape as number[];
  return convolutionOf(layer)?.strides === 1 && channels === filters && height! % 2 === 1 && width! % 2 === 1;
}

/**
 * Finds the residual blocks of an encoder and what each layer in them is to do at the start. Of a block that adds its input
 * to its branch, the branch is silent. Of a block that changes size or channels, the branch carries the maps on and the
 * shortcut is silent. A silent path needs batch normalization; a block without it is left as it is.
 */
export function planBlocks(calls: readonly LayerCall[]): BlockPlan {
  const plan: BlockPlan = { whitened: new Set(), passing: new Set(), silent: new Set() };
  const byOutput = new Map(calls.map((call) => [call.output, call]));
  for (const { layer, inputs } of calls) {
    if (inputs.length !== 2 || !(isNormalization(layer) || layer.getClassName() === 'Add')) continue;
    const [branch, shortcut] = inputs as [SymbolicTensor, SymbolicTensor];
    const main = chainTo(branch, byOutput);
    const side = chainTo(shortcut, byOutput);
    const fed = new Set(main.map(({ inputs: [input] }) => input!));
    const split = fed.has(shortcut)
      ? shortcut
      : side.map(({ inputs: [input] }) => input!).find((it) => fed.has(it));
    if (split === undefined) continue;
    const upTo = (chain: LayerCall[]) => {
      const last = chain.findIndex(({ inputs: [input] }) => input === split);
      return chain.slice(0, last + 1).map((call) => call.layer);
    };
    const own = isNormalization(layer) ? [layer] : [];
    const muted = split === shortcut ? [...own, ...upTo(main)] : upTo(side);
    const silent = muted.find((each) => isNormalization(each) && weightOf(each, 'gamma') !== undefined);
    if (!silent) continue;
    plan.silent.add(silent);
    if (split === shortcut) continue;
    for (const each of upTo(main)) {
      if (!convolutionOf(each)) continue;
      (canPass(each) ? plan.passing : plan.whitened).add(each);
    }
  }
  return plan;
}
