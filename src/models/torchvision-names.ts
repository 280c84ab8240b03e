import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { toHwio, toOihw } from './layers/kernel-layout.js';
import type { Weight } from './layers/layer-types.js';
import { PaddedConv2D } from './layers/padded-conv2d.js';
import { PaddedDepthwiseConv2D } from './layers/padded-depthwise-conv2d.js';

/** One weight of a network as torchvision's state dict has it. */
export interface TorchvisionWeight {
  /** Key in the state dict, such as 'layer1.0.conv1.weight'. */
  name: string;
  /** Shape there: convolution kernels are `[outputs, inputs, height, width]`, of depthwise ones with one input. */
  shape: number[];
  /** Whether it is trained (running statistics are not). */
  trainable: boolean;
}

const parameterNames: Record<string, string> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

interface MappedWeight extends TorchvisionWeight {
  variable: Weight;
}

/** The networks that torchvision has too. */
export type TorchvisionNetwork = 'ResNet' | 'MobileNetV2';

/** Name of each network's first convolution. */
const stemNames: Readonly<Record<TorchvisionNetwork, string>> = {
  ResNet: 'conv1',
  MobileNetV2: 'features.0.0',
};

/** Which of torchvision's networks a model is, and what its layers' names begin with; `undefined` if it is none. */
export function torchvisionNetwork(
  encoder: LayersModel,
): { network: TorchvisionNetwork; prefix: string } | undefined {
  const stem = encoder.layers.find((layer) => layer.getClassName() === PaddedConv2D.className)?.name ?? '';
  for (const [network, name] of Object.entries(stemNames) as [TorchvisionNetwork, string][]) {
    if (stem === name || stem.endsWith(`.${name}`)) {
      return { network, prefix: stem.slice(0, stem.length - name.length) };
    }
  }
  return undefined;
}

function mappedWeights(encoder: LayersModel): MappedWeight[] {
  const found = torchvisionNetwork(encoder);
  if (found === undefined) {
    throw new InvalidOptionError(
      `torchvisionWeights: encoder must come from resnet18, resnet34, resnet50 or mobileNetV2. Received: a model named ${JSON.stringify(encoder.name)}.`,
    );
  }
  return encoder.layers.flatMap((layer) =>
    layer.weights.map((variable) => {
      const role = variable.originalName.slice(layer.name.length + 1);
      const { shape, trainable } = variable;
      return {
        name: `${layer.name.slice(found.prefix.length)}.${parameterNames[role] ?? role}`,
        shape: torchShape(layer.getClassName(), shape as number[]),
        trainable,
        variable,
      };
    }),
  );
}

function torchShape(kind: string, shape: number[]): number[] {
  if (shape.length !== 4) return shape;
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  return kind === PaddedDepthwiseConv2D.className
    ? [inputs * outputs, 1, height, width]
    : [outputs, inputs, height, width];
}

/**
 * The weights of a ResNet or MobileNet under torchvision's names: its state dict but for the classifier and the counters
 * `num_batches_tracked`, which have no counterpart.
 *
 * @param encoder - A model of {@link resnet18}, {@link resnet34}, {@link resnet50} or {@link mobileNetV2}, whatever its
 * `name`.
 * @throws {@link InvalidOptionError} when the model is none of those.
 * @example
 * torchvisionWeights(resnet18())[0]; // { name: 'conv1.weight', shape: [64, 3, 7, 7], trainable: true }
 */
export function torchvisionWeights(encoder: LayersModel): TorchvisionWeight[] {
  return mappedWeights(encoder).map(({ name, shape, trainable }) => ({ name, shape, trainable }));
}

/**
 * Fills every weight of a ResNet or MobileNet from values in torchvision's layout.
 *
 * @param encoder - A model of {@link resnet18}, {@link resnet34}, {@link resnet50} or {@link mobileNetV2}.
 * @param values - Gives the values of a weight, in the order of its torchvision shape.
 * @throws {@link ShapeError} when a weight gets another number of values than it has.
 * @throws {@link InvalidOptionError} when the model is none of those.
 * @example
 * setTorchvisionWeights(encoder, ({ name }) => stateDict[name]);
 */
export function setTorchvisionWeights(
  encoder: LayersModel,
  values: (weight: TorchvisionWeight) => ArrayLike<number> | undefined,
): void {
  const weights = mappedWeights(encoder);
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
 * Reads the weights of a ResNet or MobileNet in torchvision's layout.
 *
 * @param encoder - A model of {@link resnet18}, {@link resnet34}, {@link resnet50} or {@link mobileNetV2}.
 * @returns Values by name, in the order of {@link torchvisionWeights}.
 * @throws {@link InvalidOptionError} when the model is none of those.
 * @example
 * const stateDict = await getTorchvisionWeights(encoder);
 */
export async function getTorchvisionWeights(encoder: LayersModel): Promise<Map<string, Float32Array>> {
  const read = mappedWeights(encoder).map(async ({ name, shape, variable }) => {
    const data = (await variable.read().data()) as Float32Array;
    return [name, shape.length === 4 ? toOihw(data, shape) : Float32Array.from(data)] as const;
  });
  return new Map(await Promise.all(read));
}
