import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { toHwio, toOihw } from './layers/kernel-layout.js';
import type { Weight } from './layers/layer-types.js';
import { PaddedConv2D } from './layers/padded-conv2d.js';

/** A weight of a ResNet in torchvision's state dict. */
export interface TorchvisionWeight {
  /** Key in the state dict, such as 'layer1.0.conv1.weight'. */
  name: string;
  /** Shape in torchvision: convolution kernels are `[outputs, inputs, height, width]`. */
  shape: number[];
  /** Whether it is trained (running statistics are not). */
  trainable: boolean;
}

const parameterNames: Record<string, string> = {
  kernel: 'weight',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

interface MappedWeight extends TorchvisionWeight {
  variable: Weight;
}

function mappedWeights(resnet: LayersModel): MappedWeight[] {
  const stem = resnet.layers.find((layer) => layer.getClassName() === PaddedConv2D.className);
  if (stem === undefined || !stem.name.endsWith('conv1')) {
    throw new InvalidOptionError(
      `torchvisionWeights: resnet must come from resnet18, resnet34 or resnet50. Received: a model named ${JSON.stringify(resnet.name)}.`,
    );
  }
  const prefix = stem.name.slice(0, -'conv1'.length);
  return resnet.layers.flatMap((layer) =>
    layer.weights.map((variable) => {
      const role = variable.originalName.slice(layer.name.length + 1);
      const { shape, trainable } = variable;
      const [height, width, inputs, outputs] = shape as number[];
      return {
        name: `${layer.name.slice(prefix.length)}.${parameterNames[role] ?? role}`,
        shape: shape.length === 4 ? [outputs!, inputs!, height!, width!] : (shape as number[]),
        trainable,
        variable,
      };
    }),
  );
}

/**
 * The weights of a ResNet under torchvision's names: its state dict except for the classifier `fc` and the counters
 * `num_batches_tracked`, which have no counterpart.
 *
 * @param resnet - A model of {@link resnet18}, {@link resnet34} or {@link resnet50}, whatever its `name`.
 * @throws {@link InvalidOptionError} when the model is none of those.
 * @example
 * torchvisionWeights(resnet18())[0]; // { name: 'conv1.weight', shape: [64, 3, 7, 7], trainable: true }
 */
export function torchvisionWeights(resnet: LayersModel): TorchvisionWeight[] {
  return mappedWeights(resnet).map(({ name, shape, trainable }) => ({ name, shape, trainable }));
}

/**
 * Fills every weight of a ResNet from values in torchvision's layout.
 *
 * @param resnet - A model of {@link resnet18}, {@link resnet34} or {@link resnet50}.
 * @param values - Returns the values of a weight, in the order of its torchvision shape.
 * @throws {@link ShapeError} when the number of values of a weight is wrong.
 * @throws {@link InvalidOptionError} when the model is none of those.
 * @example
 * setTorchvisionWeights(encoder, ({ name }) => stateDict[name]);
 */
export function setTorchvisionWeights(
  resnet: LayersModel,
  values: (weight: TorchvisionWeight) => ArrayLike<number> | undefined,
): void {
  const weights = mappedWeights(resnet);
  // All values are checked before the first weight changes.
  const given = weights.map(({ name, shape, trainable }) => {
    const data = values({ name, shape, trainable });
    const size = shape.reduce((product, length) => product * length, 1);
    if (data?.length !== size) {
      throw new ShapeError(
        `setTorchvisionWeights: ${name} needs ${size} values, shape [${shape}]. Received: ${data === undefined ? 'none' : data.length}.`,
      );
    }
    return data;
  });
  for (const [index, { shape, variable }] of weights.entries()) {
    const data = given[index]!;
    const values = shape.length === 4 ? toHwio(data, shape) : Float32Array.from(data);
    tidy(() => {
      variable.write(tensor(values, variable.shape as number[]));
    });
  }
}

/**
 * Reads the weights of a ResNet in torchvision's layout.
 *
 * @param resnet - A model of {@link resnet18}, {@link resnet34} or {@link resnet50}.
 * @returns Values by name, in the order of {@link torchvisionWeights}.
 * @throws {@link InvalidOptionError} when the model is none of those.
 * @example
 * const stateDict = await getTorchvisionWeights(encoder);
 */
export async function getTorchvisionWeights(resnet: LayersModel): Promise<Map<string, Float32Array>> {
  const read = mappedWeights(resnet).map(async ({ name, shape, variable }) => {
    const data = (await variable.read().data()) as Float32Array;
    return [name, shape.length === 4 ? toOihw(data, shape) : Float32Array.from(data)] as const;
  });
  return new Map(await Promise.all(read));
}
