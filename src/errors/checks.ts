import type { Tensor } from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError, ValueRangeError } from './errors.js';

/** Shortens text for an error message; shortened text ends in dots. */
export function shorten(text: string, length = 300): string {
  return text.length <= length ? text : `${text.slice(0, length)} ...`;
}

/** Describes a value in an error message: strings quoted, functions and objects by kind, long values cut off. */
export function describeValue(value: unknown): string {
  return shorten(describe(value));
}

/** Nested lists are not followed beyond this depth, because they may contain themselves. */
const deepestList = 3;

function describe(value: unknown, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) {
    if (depth === deepestList) return '[...]';
    const items = value.slice(0, 100).map((item) => shorten(describe(item, depth + 1)));
    return `[${items.join(', ')}${value.length > 100 ? ', ...' : ''}]`;
  }
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object';
  return String(value);
}

/** Whether a value from JSON is an object with fields, and not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object has no class but that of its literal, perhaps of another realm. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether a value is of a built-in class, such as 'Float32Array', of whatever realm: a test runner's has its own. */
export function hasTag(value: unknown, className: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${className}]`;
}

/** Builds a message of the usual form: caller, what was expected, what was received. */
export function receivedMessage(
  caller: string,
  expectation: string,
  argument: string,
  value: unknown,
): string {
  return `${caller}: ${expectation}. Received: ${argument}=${describeValue(value)}.`;
}

/** @throws {@link ShapeError} unless `tensor` is a tensor of `rank`. */
export function checkRank(
  caller: string,
  argument: string,
  tensor: Tensor,
  rank: number,
  shape: string,
): void {
  if (!Array.isArray(tensor?.shape) || typeof tensor.dtype !== 'string') {
    throw new ShapeError(
      receivedMessage(caller, `${argument} must be a tensor of shape ${shape}`, argument, tensor),
    );
  }
  if (tensor.shape.length !== rank) {
    throw new ShapeError(
      `${caller}: ${argument} must have shape ${shape} (rank ${rank}). Received: ${argument}=[${tensor.shape}] (rank ${tensor.shape.length}).`,
    );
  }
}

/** @throws {@link ShapeError} unless `tensor` is float32 of `rank`. */
export function checkFloatTensor(
  caller: string,
  argument: string,
  tensor: Tensor,
  rank: number,
  shape: string,
): void {
  checkRank(caller, argument, tensor, rank, shape);
  if (tensor.dtype !== 'float32') {
    throw new ShapeError(
      `${caller}: ${argument} must be float32. Received: ${argument} of dtype ${tensor.dtype}.`,
    );
  }
}

/** @throws {@link ShapeError} unless both tensors have the same shape. */
export function checkSameShape(caller: string, nameA: string, a: Tensor, nameB: string, b: Tensor): void {
  if (a.shape.length !== b.shape.length || a.shape.some((size, axis) => size !== b.shape[axis])) {
    throw new ShapeError(
      `${caller}: ${nameA} and ${nameB} must have the same shape. Received: ${nameA}=[${a.shape}], ${nameB}=[${b.shape}].`,
    );
  }
}

/** @throws {@link InvalidOptionError} unless `value` is a function. */
export function checkFunction(caller: string, argument: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new InvalidOptionError(receivedMessage(caller, `${argument} must be a function`, argument, value));
}

/** @throws {@link InvalidOptionError} unless `value` is a boolean. */
export function checkBoolean(caller: string, argument: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new InvalidOptionError(receivedMessage(caller, `${argument} must be a boolean`, argument, value));
}

/** @throws {@link InvalidOptionError} unless `value` is a finite number > 0. */
export function checkPositive(caller: string, argument: string, value: number): void {
  if (!(typeof value === 'number' && Number.isFinite(value) && value > 0)) {
    throw new InvalidOptionError(
      receivedMessage(caller, `${argument} must be a finite number > 0`, argument, value),
    );
  }
}

/** @throws {@link InvalidOptionError} unless `value` is a finite number >= 0. */
export function checkNonNegative(caller: string, argument: string, value: number): void {
  if (!(typeof value === 'number' && Number.isFinite(value) && value >= 0)) {
    throw new InvalidOptionError(
      receivedMessage(caller, `${argument} must be a finite number >= 0`, argument, value),
    );
  }
}

/** @throws {@link InvalidOptionError} unless `value` is an integer of at least `minimum`. */
export function checkInteger(caller: string, argument: string, value: number, minimum = 1): void {
  if (!(Number.isInteger(value) && value >= minimum)) {
    throw new InvalidOptionError(
      receivedMessage(caller, `${argument} must be an integer >= ${minimum}`, argument, value),
    );
  }
}

/**
 * Checks labels. It refuses values that an integer array would silently turn into another class: NaN into 0, 1.5 into 1.
 *
 * @param minimum - The smallest label allowed. If left out, negative labels are allowed; they mean that the class is unknown.
 * @param maximum - The largest label allowed.
 * @throws {@link ShapeError} when `labels` is not an array of numbers.
 * @throws {@link ValueRangeError} naming the first label that is not a 32-bit integer from `minimum` to `maximum`.
 */
export function checkLabelValues(
  caller: string,
  argument: string,
  labels: ArrayLike<number>,
  minimum = Number.NEGATIVE_INFINITY,
  maximum = Number.POSITIVE_INFINITY,
): void {
  if (typeof labels !== 'object' || !Number.isInteger(labels?.length)) {
    throw new ShapeError(
      receivedMessage(caller, `${argument} must be an array or a typed array of integers`, argument, labels),
    );
  }
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (typeof label === 'number' && label === (label | 0) && label >= minimum && label <= maximum) continue;
    const range =
      maximum < Number.POSITIVE_INFINITY
        ? ` from ${minimum} to ${maximum}`
        : minimum > Number.NEGATIVE_INFINITY
          ? ` >= ${minimum}`
          : '';
    throw new ValueRangeError(
      receivedMessage(caller, `${argument} must be integers${range}`, `${argument}[${row}]`, label),
    );
  }
}

/** @throws {@link InvalidOptionError} unless `value` is a number in [0, 1]. */
export function checkProbability(caller: string, argument: string, value: number): void {
  if (!(typeof value === 'number' && value >= 0 && value <= 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, `${argument} must be a number from 0 to 1`, argument, value),
    );
  }
}

/** @throws {@link InvalidOptionError} unless `value` is a number above 0 and at most 1. */
export function checkFraction(caller: string, argument: string, value: number): void {
  if (!(typeof value === 'number' && value > 0 && value <= 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, `${argument} must be a number above 0 and at most 1`, argument, value),
    );
  }
}

/** @throws {@link InvalidOptionError} unless `value` is a pair `[low, high]` with `minimum <= low <= high`. */
export function checkInterval(
  caller: string,
  argument: string,
  value: readonly [number, number],
  minimum = Number.NEGATIVE_INFINITY,
  maximum = Number.POSITIVE_INFINITY,
): void {
  const [low, high] = Array.isArray(value) ? value : [Number.NaN, Number.NaN];
  const valid =
    Number.isFinite(low) && Number.isFinite(high) && minimum <= low && low <= high && high <= maximum;
  if (!valid || value.length !== 2) {
    throw new InvalidOptionError(
      receivedMessage(
        caller,
        `${argument} must be a pair [low, high] with ${minimum} <= low <= high <= ${maximum}`,
        argument,
        value,
      ),
    );
  }
}

/** @throws {@link InvalidOptionError} unless `value` is one of `choices`. */
export function checkChoice<T extends string | number>(
  caller: string,
  argument: string,
  value: T,
  choices: readonly T[],
): void {
  if (!choices.includes(value)) {
    throw new InvalidOptionError(
      receivedMessage(
        caller,
        `${argument} must be one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
        argument,
        value,
      ),
    );
  }
}
