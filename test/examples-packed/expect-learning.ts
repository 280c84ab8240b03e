import { expect } from 'vitest';

/** Asserts that an example's output tells of a loss that fell, below that of embeddings which tell nothing apart. */
export function expectLearning(output: string): void {
  const found = /loss (\d+\.\d+) to (\d+\.\d+); learning nothing: (\d+\.\d+)/.exec(output);
  expect(found, output).not.toBeNull();
  const [first, last, uniform] = found!.slice(1).map(Number);
  expect(last, output).toBeLessThan(first!);
  expect(last, output).toBeLessThan(uniform! - 0.1);
}

/** Asserts that at least so many in a hundred came out right; by chance of twelve things it is 8. */
export function expectRight(output: string, least: number): void {
  const found = /(\d+) %/.exec(output);
  expect(found, output).not.toBeNull();
  expect(Number(found![1]), output).toBeGreaterThanOrEqual(least);
}
