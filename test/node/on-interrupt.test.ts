import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onInterrupt } from '../../src/node/index.js';
import { startProgram } from './program.js';

/** Says "ready", then "aborted" on the first signal, and lives on. */
const program = `
  import { onInterrupt } from './src/node/index.ts';
  const { signal } = onInterrupt();
  signal.addEventListener('abort', () => console.log(signal.reason.name, signal.reason.message));
  setInterval(() => {}, 1000);
  console.log('ready');
`;

describe('onInterrupt', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('aborts on the first %s and ends on the second with %i', async (signal, status) => {
    const { child, output } = startProgram(program);
    expect(await output()).toBe('ready');
    child.kill(signal);
    expect(await output()).toBe(`AbortError interrupted by ${signal}`);
    expect(child.exitCode).toBe(null);
    child.kill(signal);
    expect((await once(child, 'exit'))[0]).toBe(status);
  });

  it('gives the signals back', () => {
    const before = process.listenerCount('SIGINT');
    const interrupt = onInterrupt();
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
    expect(interrupt.signal.aborted).toBe(false);
    interrupt.dispose();
    interrupt.dispose();
    expect(process.listenerCount('SIGINT')).toBe(before);
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
