import { afterEach, expect, it, vi } from 'vitest';
import { Patience } from '../../src/backend/patience.js';

afterEach(() => void vi.restoreAllMocks());

it('counts the time of many looks, and of a pause between two no more than a look takes', () => {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const patience = new Patience(500, 100);
  const look = (after: number) => {
    now += after;
    return patience.isOver();
  };
  expect(look(90)).toBe(false);
  expect(look(3_600_000)).toBe(false); // an hour's pause: 190 by now
  expect([look(100), look(100), look(100)]).toEqual([false, false, false]); // 490
  expect(look(10)).toBe(false); // 500, not beyond
  expect(look(1)).toBe(true);
});
