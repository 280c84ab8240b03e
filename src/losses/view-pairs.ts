import {
  add,
  customGrad,
  div,
  type GradSaveFunc,
  mul,
  type Scalar,
  type Tensor,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';

/** A loss of two views and its derivative, neither of which tfjs records. */
export interface PairLoss {
  /** The loss. */
  value(a: Tensor2D, b: Tensor2D): Scalar;
  /** Its gradients at both. */
  gradients(a: Tensor2D, b: Tensor2D): [Tensor2D, Tensor2D];
}

/** All pairs of different views, first one first. */
export function viewPairs<T>(views: readonly T[]): [T, T][] {
  return views.flatMap((a, i) => views.slice(i + 1).map((b): [T, T] => [a, b]));
}

/** The mean of a loss of two views over all pairs of views, with its gradient in closed form. */
export function meanOverPairs(views: readonly Tensor2D[], { value, gradients }: PairLoss): Scalar {
  const pairs = viewPairs([...views.keys()]);
  const loss = customGrad((...inputs: Array<Tensor | GradSaveFunc>) => {
    const save = inputs.pop() as GradSaveFunc;
    const tensors = inputs as Tensor2D[];
    save(tensors);
    const total = tidy(() =>
      pairs.map(([i, j]): Tensor => value(tensors[i]!, tensors[j]!)).reduce((sum, part) => add(sum, part)),
    );
    return {
      value: div(total, pairs.length),
      gradFunc: (upstream, saved) =>
        tidy(() => {
          const sums: (Tensor | undefined)[] = views.map(() => undefined);
          for (const [i, j] of pairs) {
            const parts = gradients(saved[i] as Tensor2D, saved[j] as Tensor2D);
            for (const [side, view] of [i, j].entries()) {
              const before = sums[view];
              sums[view] = before ? add(before, parts[side]!) : parts[side]!;
            }
          }
          const weight = div(upstream, pairs.length);
          return sums.map((sum) => mul(sum!, weight));
        }),
    };
  });
  return loss(...views) as Scalar;
}
