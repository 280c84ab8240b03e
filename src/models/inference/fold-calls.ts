import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type Activation, type ChannelNormalization, foldedConvolution } from '../../tensors/index.js';
import { type AnyLayer, type LayerCall, weightOf } from '../layer-graph.js';
import { type Convolution, convolutionOf, followerOf } from './foldable-layers.js';

/** One operation of a model in inference mode. */
export interface InferenceStep {
  inputs: readonly SymbolicTensor[];
  output: SymbolicTensor;
  /** Whether it stands for a convolution and what follows it. */
  isFolded: boolean;
  /** @returns A new tensor, none of `inputs`. */
  run(inputs: Tensor[]): Tensor;
}

/** A convolution, and what follows it so far. */
interface Chain {
  convolution: Convolution;
  input: SymbolicTensor;
  normalization?: AnyLayer;
  residual?: SymbolicTensor;
  activation?: Activation | undefined;
}

/**
 * The steps of a model's calls. Where the result of a convolution is used only once, a following normalization, addition
 * or ReLU becomes part of its step, in the order in which {@link foldedConvolution} computes them.
 *
 * @param calls - In an order in which they can run.
 * @param result - The model's output.
 */
export function foldCalls(calls: readonly LayerCall[], result: SymbolicTensor): InferenceStep[] {
  const uses = new Map<SymbolicTensor, number>([[result, 1]]);
  for (const { inputs } of calls) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  /** By output: a chain, or a call that runs as it is. */
  const parts = new Map<SymbolicTensor, Chain | LayerCall>();
  for (const call of calls) {
    if (call.layer.getClassName() === 'InputLayer') continue;
    const convolution = convolutionOf(call.layer);
    if (convolution && call.inputs.length === 1) {
      parts.set(call.output, { convolution, input: call.inputs[0]!, activation: convolution.activation });
      continue;
    }
    const continued = continuation(call, (input) => {
      const part = uses.get(input) === 1 ? parts.get(input) : undefined;
      return part && 'convolution' in part ? part : undefined;
    });
    // The step runs where its last call stands, so that a residual is there by then.
    if (continued) parts.delete(continued.replaced);
    parts.set(call.output, continued?.chain ?? call);
  }
  return [...parts].map(([output, part]) =>
    'convolution' in part ? chainStep(part, output) : callStep(part),
  );
}

/** The chain that a call continues, if there is one. */
function continuation(
  { layer, inputs }: LayerCall,
  chainOf: (input: SymbolicTensor) => Chain | undefined,
): { chain: Chain; replaced: SymbolicTensor } | undefined {
  const follower = followerOf(layer);
  if (follower === undefined) return undefined;
  // Either operand of an addition may be the chain; the first input of a normalization is.
  const candidates = follower.normalizes ? inputs.slice(0, 1) : inputs;
  for (const [index, input] of candidates.entries()) {
    const chain = chainOf(input);
    const residual = inputs.length > 1 ? inputs[1 - index] : undefined;
    if (!chain || chain.activation || inputs.length > 2) continue;
    if (follower.normalizes && (chain.normalization || chain.residual)) continue;
    if (residual && (chain.residual || residual === input || !haveEqualShapes(residual, input))) continue;
    return {
      replaced: input,
      chain: {
        ...chain,
        ...(follower.normalizes && { normalization: layer }),
        ...(residual && { residual }),
        activation: follower.activation,
      },
    };
  }
  return undefined;
}

function haveEqualShapes(a: SymbolicTensor, b: SymbolicTensor): boolean {
  return String(a.shape) === String(b.shape);
}

/** A call that runs as it is. */
function callStep({ layer, inputs, output }: LayerCall): InferenceStep {
  const run = (values: Tensor[]) =>
    layer.apply(values.length === 1 ? values[0]! : values, { training: false }) as Tensor;
  return { inputs, output, isFolded: false, run };
}

function chainStep(chain: Chain, output: SymbolicTensor): InferenceStep {
  const { convolution, input, normalization, residual, activation } = chain;
  const { layer } = convolution;
  return {
    inputs: residual ? [input, residual] : [input],
    output,
    isFolded: true,
    run: ([x, added]) =>
      foldedConvolution(x as Tensor4D, weightOf(layer, 'kernel')!.read() as Tensor4D, {
        strides: convolution.strides,
        pad: convolution.padOf([x!.shape[1]!, x!.shape[2]!]),
        bias: weightOf(layer, 'bias')?.read() as Tensor1D | undefined,
        normalization: normalization && statisticsOf(normalization),
        residual: added as Tensor4D | undefined,
        activation,
      }),
  };
}

/** The running statistics of a layer of batch normalization, and its weights. */
function statisticsOf(layer: AnyLayer): ChannelNormalization {
  const read = (role: string) => weightOf(layer, role)?.read() as Tensor1D | undefined;
  return {
    mean: read('moving_mean')!,
    variance: read('moving_variance')!,
    gamma: read('gamma'),
    beta: read('beta'),
    epsilon: layer.getConfig().epsilon as number,
  };
}
