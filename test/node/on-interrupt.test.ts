import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onInterrupt } from '../../src/node/index.js';

/** Starts a program that says "ready", then "aborted" on the first signal, and lives on. */
function program() {
  const script = `
    import { onInterrupt } from './src/node/progress/on-interrupt.ts';
    const { signal } = onInterrupt();
    signal.addEventListener('abort', () => console.log(signal.reason.name, signal.reason.message));
    setInterval(() => {}, 1000);
    console.log('ready');
  `;
  const child = spawn('node', ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = async () => String((await once(child.stdout, 'data'))[0]).trim();
  return { child, line };
}

describe('onInterrupt', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('aborts on the first %s and ends on the second with %i', async (signal, status) => {
    const { child, line } = program();
    expect(await line()).toBe('ready');
    child.kill(signal);
    expect(await line()).toBe(`AbortError interrupted by ${signal}`);
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
