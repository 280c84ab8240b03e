import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { constants, type Fields, kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, makeOutput } from '../module/tensor-address.js';

const { valuesPerTask } = constants['optimizer-updates'];

interface UpdateWork {
  kind: number;
  value: TensorInfo;
  gradient: TensorInfo;
  slots: TensorInfo[];
  factors: Factors;
}

type Factors = Pick<
  Fields<'Update'>,
  'keepFirst' | 'keepSecond' | 'addFirst' | 'addSecond' | 'rate' | 'shrink' | 'decay' | 'extra'
>;

/** @returns The new value, then the new slots. */
function update({ kind, value, gradient, slots, factors }: UpdateWork): TensorInfo[] {
  const outputs = [value, ...slots].map(({ shape }) => makeOutput(shape));
  const length = util.sizeFromShape(value.shape);
  const [first, second = first] = slots.map(addressOf);
  const [newValue, newFirst, newSecond = newFirst] = outputs.map(addressOf);
  const module = kernelModule();
  const work = module.structure('Update', {
    value: addressOf(value),
    gradient: addressOf(gradient),
    first: first!,
    second: second!,
    newValue: newValue!,
    newFirst: newFirst!,
    newSecond: newSecond!,
    length,
    ...factors,
  });
  module.dispatch(kind, work, Math.ceil(length / valuesPerTask));
  return outputs;
}

/** SimCLRMomentumUpdate: see src/optimizers/fused-updates.ts. */
export const momentumUpdate: KernelFunc = ({ inputs, attrs }) => {
  const { value, gradient, velocity } = inputs as Record<string, TensorInfo>;
  const { learningRate, momentum, nesterov, weightDecay, shrink } = attrs as unknown as Record<
    string,
    number
  >;
  const factors = {
    keepFirst: momentum!,
    keepSecond: 0,
    addFirst: 0,
    addSecond: 0,
    rate: learningRate!,
    shrink: shrink!,
    decay: weightDecay!,
    extra: nesterov ? 1 : 0,
  };
  return update({
    kind: kinds.momentumUpdate,
    value: value!,
    gradient: gradient!,
    slots: [velocity!],
    factors,
  });
};

/** SimCLRAdamUpdate. */
export const adamUpdate: KernelFunc = ({ inputs, attrs }) => {
  const { value, gradient, mean, meanSquare } = inputs as Record<string, TensorInfo>;
  const { rate, beta1, beta2, rootScale, epsilon, shrink } = attrs as unknown as Record<string, number>;
  const factors = {
    keepFirst: beta1!,
    keepSecond: beta2!,
    addFirst: 1 - beta1!,
    addSecond: 1 - beta2!,
    rate: rate!,
    shrink: shrink!,
    decay: rootScale!,
    extra: epsilon!,
  };
  const slots = [mean!, meanSquare!];
  return update({ kind: kinds.adamUpdate, value: value!, gradient: gradient!, slots, factors });
};
