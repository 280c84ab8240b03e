import {
  add,
  div,
  greater,
  logicalAnd,
  minimum,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Variable,
  where,
} from '@tensorflow/tfjs-core';

/** The inputs of one step of one variable. */
export interface LARSUpdate {
  learningRate: number;
  momentum: number;
  /** 0 where the variable is excluded. */
  weightDecay: number;
  trustCoefficient: number;
  epsilon: number;
  nesterov: boolean;
  classicMomentum: boolean;
  /** Whether to cap the step at that of the plain learning rate. */
  clip: boolean;
  /** Whether the trust ratio applies. */
  adapt: boolean;
}

/** One step of one variable by the rule of google-research/simclr. */
export function googleUpdate(
  value: Variable,
  gradient: Tensor,
  velocity: Variable | undefined,
  {
    learningRate,
    momentum,
    weightDecay,
    trustCoefficient,
    epsilon,
    nesterov,
    classicMomentum,
    adapt,
  }: LARSUpdate,
): void {
  const scaled = (direction: Tensor): Tensor => {
    if (!adapt) return mul(direction, learningRate);
    const [valueLength, length] = [euclideanLength(value), euclideanLength(direction)];
    const ratio = div(mul(valueLength, trustCoefficient * learningRate), add(length, epsilon));
    return mul(direction, where(bothPositive(valueLength, length), ratio, learningRate));
  };
  const decayed = weightDecay > 0 ? add(gradient, mul(value, weightDecay)) : gradient;
  const summand = classicMomentum ? scaled(decayed) : decayed;
  const change = accelerate(summand, velocity, momentum, nesterov);
  value.assign(sub(value, classicMomentum ? change : scaled(change)));
}

/** One step of one variable by the rule of lightly and lightning-bolts. */
export function lightlyUpdate(
  value: Variable,
  gradient: Tensor,
  velocity: Variable | undefined,
  { learningRate, momentum, weightDecay, trustCoefficient, epsilon, nesterov, adapt, clip }: LARSUpdate,
): void {
  let direction = gradient;
  if (weightDecay > 0 && adapt) {
    const [valueLength, length] = [euclideanLength(value), euclideanLength(gradient)];
    const both = bothPositive(valueLength, length);
    const denominator = add(add(length, mul(valueLength, weightDecay)), epsilon);
    const unclipped = div(mul(valueLength, trustCoefficient), denominator);
    // At rate 0 nothing moves, whatever the ratio.
    const ratio = clip ? minimum(div(unclipped, Math.max(learningRate, 1e-30)), 1) : unclipped;
    // Both factors are scalars: without a ratio there is no weight decay either.
    direction = add(
      mul(gradient, where(both, ratio, 1)),
      mul(value, where(both, mul(ratio, weightDecay), 0)),
    );
  } else if (weightDecay > 0) {
    direction = add(gradient, mul(value, weightDecay));
  }
  value.assign(sub(value, mul(accelerate(direction, velocity, momentum, nesterov), learningRate)));
}

/** Updates the velocity, if there is one, and returns the direction of the step. */
function accelerate(
  summand: Tensor,
  velocity: Variable | undefined,
  momentum: number,
  nesterov: boolean,
): Tensor {
  if (velocity === undefined) return summand;
  const next = add(mul(velocity, momentum), summand);
  velocity.assign(next);
  return nesterov ? add(mul(next, momentum), summand) : next;
}

function euclideanLength(values: Tensor): Tensor {
  return sqrt(sum(square(values)));
}

function bothPositive(a: Tensor, b: Tensor): Tensor {
  return logicalAnd(greater(a, 0), greater(b, 0));
}
