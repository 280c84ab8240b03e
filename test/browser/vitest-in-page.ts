/**
 * Takes the place of 'vitest' in a bundle for browsers: its own parts, without the process they usually run in. The other
 * folders' test files run unchanged, in a page or in a worker.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import { getCurrentTest } from '@vitest/runner';
import { clearAllMocks, fn, resetAllMocks, restoreAllMocks, spyOn } from '@vitest/spy';

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from '@vitest/runner';

export const vi = { clearAllMocks, fn, resetAllMocks, restoreAllMocks, spyOn };

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

const host = globalThis as unknown as Record<PropertyKey, object>;

const check = (value: unknown, message?: string) => {
  const assertion = chai.expect(value, message) as { withTest?(test: unknown): unknown };
  const current = getCurrentTest();
  return current ? assertion.withTest!(current) : assertion;
};

export const expect = Object.assign(check, chai.expect, host[ASYMMETRIC_MATCHERS_OBJECT]);

Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, configurable: true });
setState({ assertionCalls: 0, isExpectingAssertions: false, suppressedErrors: [] }, expect as never);
