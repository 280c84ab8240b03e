import { isStockWasm, listed } from '../../backend/describe-kernels.js';
import { shorten } from '../../errors/checks.js';
import type { WrongValue } from './probe-values.js';

/** What is computed wrongly, and what helps. */
export function describeValues(backend: string, wrong: readonly WrongValue[]): string {
  const [first, ...others] = wrong as [WrongValue, ...WrongValue[]];
  const more =
    others.length === 0
      ? ''
      : `, and so ${others.length === 1 ? 'is' : 'are'} ${listed(others.slice(0, 3).map(({ operation }) => operation))}${others.length > 3 ? ` and ${others.length - 3} more` : ''}`;
  const remedy = isStockWasm(backend)
    ? "import 'simclr-ts/wasm', which replaces it"
    : "update the graphics driver or browser, or choose another backend, such as 'wasm' of simclr-ts/wasm";
  const what =
    first.reason === undefined
      ? `gives ${first.received} where ${first.expected} is right`
      : `fails (${shorten(first.reason)})`;
  return `computes wrongly: ${first.operation} ${what}${more}: ${remedy}`;
}
