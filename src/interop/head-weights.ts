import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';

/** A weight of a projection head as in PyTorch: an `nn.Sequential` of linear layers, normalizations and ReLUs. */
export interface HeadWeight {
  /** Name in the `nn.Sequential`, such as '3.weight'. */
  name: string;
  /** Shape in PyTorch: matrices are `[outputs, inputs]`. */
  shape: number[];
  /** Our weight; undefined for an offset that only PyTorch has, which must be 0. */
  variable: LayerVariable | undefined;
}

const parameterNames: Record<string, string> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** The weights of a projection head; undefined for a model with other layers. */
export function headWeights(head: LayersModel): HeadWeight[] | undefined {
  const weights: HeadWeight[] = [];
  let index = 0;
  for (const layer of head.layers) {
    const kind = layer.getClassName();
    if (kind === 'InputLayer') continue;
    const activation = layer.getConfig().activation ?? 'linear';
    if (kind === 'SimCLRBatchNormalization') {
      const roles = layer.weights.map(roleOf);
      if (!roles.includes('gamma')) return undefined;
      if (!roles.includes('beta')) {
        weights.push({ name: `${index}.bias`, shape: shapeOf(layer.weights[0]!), variable: undefined });
      }
    } else if (kind !== 'Dense') return undefined;
    for (const variable of layer.weights) {
      const shape = shapeOf(variable);
      const name = `${index}.${parameterNames[roleOf(variable)]}`;
      weights.push({ name, shape: shape.length === 2 ? [shape[1]!, shape[0]!] : shape, variable });
    }
    if (activation !== 'linear' && activation !== 'relu') return undefined;
    index += activation === 'relu' ? 2 : 1;
  }
  return weights.length > 0 ? weights : undefined;
}

/** Sets a weight from values in PyTorch's order. */
export function writeHeadWeight({ variable, shape }: HeadWeight, values: ArrayLike<number>): void {
  if (variable === undefined) return;
  const own = shape.length === 2 ? transpose(values, shape[0]!, shape[1]!) : Float32Array.from(values);
  tidy(() => {
    variable.write(tensor(own, shapeOf(variable)));
  });
}

/** Values of a weight in PyTorch's order. */
export async function readHeadWeight({ variable, shape }: HeadWeight): Promise<Float32Array> {
  if (variable === undefined) return new Float32Array(shape[0]!);
  const values = (await variable.read().data()) as Float32Array;
  return shape.length === 2 ? transpose(values, shape[1]!, shape[0]!) : Float32Array.from(values);
}

function transpose(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = values[row * columns + column]!;
    }
  }
  return result;
}

function roleOf(variable: LayerVariable): string {
  return variable.originalName.slice(variable.originalName.lastIndexOf('/') + 1);
}

function shapeOf(variable: LayerVariable): number[] {
  return variable.shape as number[];
}
