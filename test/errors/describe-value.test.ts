import { expect, it } from 'vitest';
import { describeValue } from '../../src/errors/checks.js';

it('describes lists that contain themselves, or lists of lists of lists', () => {
  const circle: unknown[] = [1];
  circle.push(circle);
  expect(describeValue(circle)).toBe('[1, [1, [1, [...]]]]');
  let deep: unknown[] = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(describeValue(deep)).toBe('[[[[...]]]]');
  expect(describeValue([[0, 1], ['a']])).toBe('[[0, 1], ["a"]]');
});
