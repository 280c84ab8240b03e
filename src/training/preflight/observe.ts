import { engine, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { releaseTape } from '../../backend/tape.js';
import { hasKernel } from '../../tensors/registered-kernels.js';

/** What a computation asked the engine for. */
export class Needs {
  /** Kernels that ran. */
  readonly kernels = new Set<string>();
  /** Kernels whose gradient was needed and is there. */
  readonly gradients = new Set<string>();
  /** Kernels that are missing. */
  readonly missingKernels = new Set<string>();
  /** Kernels whose gradient is missing. */
  readonly missingGradients = new Set<string>();
  /** The first layer that ran each kernel. */
  readonly layerOf = new Map<string, string>();

  /** Whether anything was missing. */
  get lack(): boolean {
    return this.missingKernels.size + this.missingGradients.size > 0;
  }

  /** Notes, while `body` runs, which layers of the models run which kernels. `body` is synchronous. */
  observeLayers<T>(models: readonly LayersModel[], body: () => T): T {
    const layers = models.flatMap((model) => model.layers);
    for (const layer of layers) {
      const { call } = layer;
      layer.call = (inputs, kwargs) => {
        const outer = this.layer;
        this.layer = layer.name;
        try {
          return call.call(layer, inputs, kwargs);
        } finally {
          this.layer = outer;
        }
      };
    }
    try {
      return body();
    } finally {
      // Deleting the layer's own property uncovers the method of its class.
      for (const layer of layers) Reflect.deleteProperty(layer, 'call');
    }
  }

  /** The layer that runs now. */
  private layer: string | undefined;

  /** Notes the kernels that `body` runs. `body` is synchronous. */
  observe<T>(body: () => T): T {
    const target = engine();
    const run = target.runKernel;
    const note = (name: string) => {
      if (this.layer !== undefined && !this.layerOf.has(name)) this.layerOf.set(name, this.layer);
      if (hasKernel(name)) this.kernels.add(name);
      else this.missingKernels.add(name);
    };
    const observed = (...call: Parameters<typeof run>) => {
      note(call[0]);
      return run.apply(target, call);
    };
    const before = Object.getOwnPropertyDescriptor(target, 'runKernel');
    target.runKernel = observed as typeof run;
    try {
      return body();
    } catch (error) {
      const gradient = /gradient function not found for (\w+)/.exec((error as Error)?.message ?? '')?.[1];
      if (gradient) this.missingGradients.add(gradient);
      throw error;
    } finally {
      if (before) Object.defineProperty(target, 'runKernel', before);
      else Reflect.deleteProperty(target, 'runKernel');
    }
  }
}

/** What tfjs recorded of an operation. */
interface TapeNode {
  kernelName: string;
  inputs: Record<string, Tensor>;
  outputs: Tensor[];
  gradient?: (dys: Tensor[]) => Record<string, () => Tensor>;
}

const finished = Symbol('all is known');

/**
 * Runs a forward pass, then each different gradient of it once, on the smallest tensors that it has to do with: what a
 * whole backward pass would need, for little of its time, and all that is missing instead of the first.
 *
 * @param forward - From the variables to a scalar.
 * @param variables - What would be differentiated for.
 */
export function observeGradients(needs: Needs, variables: Tensor[], forward: () => Tensor): void {
  const examine = (result: Tensor | undefined) => {
    const { state } = engine();
    const nodes = pathOf((state.activeTape ?? []) as TapeNode[], variables, result);
    const depth = state.gradientDepth;
    state.gradientDepth = 0; // the gradients themselves are not recorded
    try {
      for (const node of differentNodes(nodes, needs)) runGradient(node, needs);
    } finally {
      state.gradientDepth = depth;
    }
  };
  try {
    engine().gradients(() => {
      let result: Tensor;
      try {
        result = needs.observe(forward);
      } catch (error) {
        if (needs.lack) examine(undefined);
        throw error;
      }
      examine(result);
      throw finished;
    }, variables);
  } catch (error) {
    releaseTape();
    if (error !== finished) throw error;
  }
}

/** The operations between variables and result; where it did not come to a result, all that variables enter. */
function pathOf(tape: TapeNode[], variables: Tensor[], result: Tensor | undefined): TapeNode[] {
  const fromVariables = new Set(variables.map(({ id }) => id));
  const after = tape.filter(({ inputs, outputs }) => {
    if (!Object.values(inputs).some(({ id }) => fromVariables.has(id))) return false;
    for (const { id } of outputs) fromVariables.add(id);
    return true;
  });
  if (result === undefined) return after;
  const toResult = new Set([result.id]);
  return after.reverse().filter(({ inputs, outputs }) => {
    if (!outputs.some(({ id }) => toResult.has(id))) return false;
    for (const { id } of Object.values(inputs)) toResult.add(id);
    return true;
  });
}

/** Of each kernel the operation with the smallest tensors; of custom gradients, which have no name, all. */
function differentNodes(nodes: TapeNode[], { kernels, missingGradients }: Needs): TapeNode[] {
  const sizeOf = ({ inputs, outputs }: TapeNode) =>
    [...Object.values(inputs), ...outputs].reduce((total, { size }) => total + size, 0);
  const smallest = new Map<unknown, TapeNode>();
  for (const node of nodes) {
    if (node.gradient === undefined) {
      missingGradients.add(node.kernelName);
      continue;
    }
    const key = kernels.has(node.kernelName) ? node.kernelName : node;
    const known = smallest.get(key);
    if (known === undefined || sizeOf(node) < sizeOf(known)) smallest.set(key, node);
  }
  return [...smallest.values()];
}

function runGradient({ kernelName, outputs, gradient }: TapeNode, needs: Needs): void {
  if (needs.kernels.has(kernelName)) needs.gradients.add(kernelName);
  tidy(() => {
    const each = attempt(needs, () => gradient!(outputs.map(({ shape }) => zeros(shape))));
    for (const compute of Object.values(each ?? {})) attempt(needs, compute);
  });
}

/** What `body` gives; nothing where it fails: what was missing is noted, and anything else is for the step to say. */
function attempt<T>(needs: Needs, body: () => T): T | undefined {
  try {
    return needs.observe(body);
  } catch {
    return undefined;
  }
}
