import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { floatBits } from './float-bits.js';
import { kernelModule } from './kernel-module.js';
import { kinds } from './kinds.js';
import { addressOf, makeOutput } from './tensor-address.js';

/** Twin of the constant in assembly/updates.ts. */
const valuesPerTask = 16_384;

interface UpdateWork {
  kind: number;
  value: TensorInfo;
  gradient: TensorInfo;
  slots: TensorInfo[];
  /** Fields from `keepFirst` on. */
  factors: readonly number[];
}

/** The new value, then the new slots. */
function update({ kind, value, gradient, slots, factors }: UpdateWork): TensorInfo[] {
  const outputs = [value, ...slots].map(({ shape }) => makeOutput(shape));
  const length = util.sizeFromShape(value.shape);
  const [first, second = first] = slots.map(addressOf);
  const [newValue, newFirst, newSecond = newFirst] = outputs.map(addressOf);
  const addresses = [
    addressOf(value),
    addressOf(gradient),
    first!,
    second!,
    newValue!,
    newFirst!,
    newSecond!,
  ];
  const module = kernelModule();
  const work = module.structure('update', [...addresses, length, ...factors.map(floatBits)]);
  module.dispatch(kind, work, Math.ceil(length / valuesPerTask), 64);
  return outputs;
}

/** SimCLRMomentumUpdate: see src/optimizers/fused-updates.ts. */
export const momentumUpdate: KernelFunc = ({ inputs, attrs }) => {
  const { value, gradient, velocity } = inputs as Record<string, TensorInfo>;
  const { learningRate, momentum, nesterov, weightDecay, shrink } = attrs as unknown as Record<
    string,
    number
  >;
  const factors = [momentum!, 0, 0, 0, learningRate!, shrink!, weightDecay!, nesterov ? 1 : 0];
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
  const factors = [beta1!, beta2!, 1 - beta1!, 1 - beta2!, rate!, shrink!, rootScale!, epsilon!];
  const slots = [mean!, meanSquare!];
  return update({ kind: kinds.adamUpdate, value: value!, gradient: gradient!, slots, factors });
};
