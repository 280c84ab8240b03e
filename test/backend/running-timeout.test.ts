import { afterEach, expect, it, vi } from 'vitest';
import { RunningTimeout } from '../../src/backend/running-timeout.js';

afterEach(() => void vi.restoreAllMocks());

it('counts the time between polls, and of a pause no more than the longest poll', () => {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const timeout = new RunningTimeout(500, 100);
  const poll = (after: number) => {
    now += after;
    return timeout.hasExpired();
  };
  expect(poll(90)).toBe(false);
  expect(poll(3_600_000)).toBe(false); // an hour's pause: 190 by now
  expect([poll(100), poll(100), poll(100)]).toEqual([false, false, false]); // 490
  expect(poll(10)).toBe(false); // 500, not beyond
  expect(poll(1)).toBe(true);
});
