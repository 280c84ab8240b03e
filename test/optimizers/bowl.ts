import { mul, sub, type Tensor, tensor, tidy, type Variable, variable } from '@tensorflow/tfjs-core';
import { hashedValues } from '../helpers/hashed-values.js';

const shapes = { kernel: [4, 3], bias: [3] };
let problems = 0;

/** The quadratic bowl of test/fixtures/optimizers/make.py: two variables and gradients that pull them to a target. */
export function bowl() {
  const prefix = `bowl${problems++}`;
  const parts = Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((a, b) => a * b);
    const values = (part: string) => hashedValues(`bowl/${name}/${part}`, size);
    const make = (part: string) => tensor(values(part), shape) as Tensor;
    const scale = tensor(
      values('scale').map((value) => 1 + 0.5 * value),
      shape,
    ) as Tensor;
    const start = tidy(() => variable(make('start'), true, `${prefix}/${name}`));
    return { start: start as Variable, target: make('target'), scale };
  });
  return {
    kernel: parts[0]!.start,
    bias: parts[1]!.start,
    /** The gradients at the present weights, for all variables or those named. */
    gradients: (...only: Variable[]): Record<string, Tensor> =>
      Object.fromEntries(
        parts
          .filter(({ start }) => only.length === 0 || only.includes(start))
          .map(({ start, target, scale }) => [start.name, tidy(() => mul(scale, sub(start, target)))]),
      ),
    values: () => Promise.all(parts.map(async ({ start }) => Array.from(await start.data()))),
    dispose: () => {
      for (const { start, target, scale } of parts) for (const item of [start, target, scale]) item.dispose();
    },
  };
}

/** Takes a step with the gradients of the present weights. */
export function takeStep(
  problem: ReturnType<typeof bowl>,
  optimizer: { applyGradients(gradients: Record<string, Tensor>): void },
  ...only: Variable[]
): void {
  const gradients = problem.gradients(...only);
  optimizer.applyGradients(gradients);
  for (const gradient of Object.values(gradients)) gradient.dispose();
}
