/** Options of {@link minimize}. */
export interface MinimizeOptions {
  /** The value at `point`; writes the gradient into `gradient`. */
  evaluate(point: Float64Array, gradient: Float64Array): number;
  /** Multiplies `vector` in place by a positive definite approximation of the inverse Hessian. */
  precondition(vector: Float64Array): void;
  /** The starting point. It is not changed. */
  start: Float64Array;
  maxIterations: number;
  /** Converged once no element of the gradient exceeds this in magnitude. */
  tolerance: number;
  /** Called before each iteration, so that other work can run. */
  pause(): Promise<void>;
}

/** Where {@link minimize} ended. */
export interface Minimum {
  point: Float64Array;
  value: number;
  iterations: number;
  converged: boolean;
}

const historyLength = 10;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, scale: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + scale * source[i]!;
}

const largest = (values: Float64Array) => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);

/**
 * Minimizes a smooth convex function by L-BFGS with a preconditioner as the initial inverse Hessian and a
 * backtracking line search (Armijo's condition).
 *
 * @see Nocedal and Wright, "Numerical Optimization" (2nd edition), algorithms 7.4, 7.5 and 3.1.
 */
export async function minimize(options: MinimizeOptions): Promise<Minimum> {
  const { evaluate, precondition, start, maxIterations, tolerance, pause } = options;
  let point = start.slice();
  let gradient: Float64Array = new Float64Array(start.length);
  let value = evaluate(point, gradient);
  const history: { step: Float64Array; change: Float64Array; inverse: number }[] = [];
  let scaling = 1;
  let iterations = 0;
  let converged = largest(gradient) <= tolerance;
  while (!converged && iterations < maxIterations) {
    await pause();
    const direction = gradient.map((element) => -element);
    const weights: number[] = [];
    for (let i = history.length - 1; i >= 0; i--) {
      const { step, change, inverse } = history[i]!;
      const weight = inverse * dot(step, direction);
      weights[i] = weight;
      addScaled(direction, -weight, change);
    }
    precondition(direction);
    for (let i = 0; i < direction.length; i++) direction[i] = direction[i]! * scaling;
    for (let i = 0; i < history.length; i++) {
      const { step, change, inverse } = history[i]!;
      addScaled(direction, weights[i]! - inverse * dot(change, direction), step);
    }
    const slope = dot(gradient, direction);
    if (!(slope < 0)) break;

    let length = 1;
    let next = point;
    let nextValue = Number.POSITIVE_INFINITY;
    const nextGradient = new Float64Array(point.length);
    for (let attempt = 0; attempt < 30; attempt++) {
      next = point.slice();
      addScaled(next, length, direction);
      nextValue = evaluate(next, nextGradient);
      // The last term is the rounding error of the value: without it the last iterations fail on noise.
      if (nextValue <= value + 1e-4 * length * slope + 1e-15 * Math.abs(value)) break;
      const curvature = nextValue - value - length * slope;
      const best = (-slope * length * length) / (2 * curvature); // the minimum of the parabola through both
      length = Number.isFinite(best) ? Math.min(0.5 * length, Math.max(0.1 * length, best)) : 0.1 * length;
      nextValue = Number.POSITIVE_INFINITY;
    }
    if (nextValue === Number.POSITIVE_INFINITY) break; // no descent is left at this precision

    const step = next.slice();
    addScaled(step, -1, point);
    const change = nextGradient.slice();
    addScaled(change, -1, gradient);
    const product = dot(step, change);
    if (product > 0) {
      history.push({ step, change, inverse: 1 / product });
      if (history.length > historyLength) history.shift();
      const scaled = change.slice();
      precondition(scaled);
      scaling = product / dot(change, scaled); // gives the approximation the curvature of this step
    }
    point = next;
    value = nextValue;
    gradient = nextGradient;
    iterations++;
    converged = largest(gradient) <= tolerance;
  }
  return { point, value, iterations, converged };
}
