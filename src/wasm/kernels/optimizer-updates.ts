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

/** Fields of `Update` that only one of the optimizers uses. */
const unused = {
  momentum: 0,
  weightDecay: 0,
  nesterov: 0,
  beta1: 0,
  beta2: 0,
  oneMinusBeta1: 0,
  oneMinusBeta2: 0,
  rootScale: 0,
  epsilon: 0,
};

type Factors = Pick<Fields<'Update'>, 'rate' | 'shrink'> & Partial<typeof unused>;

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
    ...unused,
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
    momentum: momentum!,
    weightDecay: weightDecay!,
    nesterov: nesterov ? 1 : 0,
    rate: learningRate!,
    shrink: shrink!,
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
    beta1: beta1!,
    beta2: beta2!,
    oneMinusBeta1: 1 - beta1!,
    oneMinusBeta2: 1 - beta2!,
    rootScale: rootScale!,
    epsilon: epsilon!,
    rate: rate!,
    shrink: shrink!,
  };
  const slots = [mean!, meanSquare!];
  return update({ kind: kinds.adamUpdate, value: value!, gradient: gradient!, slots, factors });
};
