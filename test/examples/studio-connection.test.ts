/** How the studio's page talks to its workers. The browsers' own tests are in test/studio. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../examples/studio/shared/remote.js';
import { LateError, within } from '../../examples/studio/shared/within.js';

interface Message {
  call: number;
  command: string;
  args: unknown[];
}

/** A worker that says what the test lets it say. */
class FakeWorker extends EventTarget {
  readonly received: Message[] = [];
  ended = false;
  postMessage(message: Message) {
    this.received.push(message);
  }
  terminate() {
    this.ended = true;
  }
  say(data: unknown) {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

let workers: FakeWorker[] = [];
const connect = (onEvent = (_: string) => {}) =>
  new Connection<{ add(a: number, b: number): number }, string>(() => {
    workers.push(new FakeWorker());
    return workers.at(-1) as never;
  }, onEvent);

beforeEach(() => {
  workers = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Connection', () => {
  it('keeps calls until the worker serves, and gives results, errors, and events', async () => {
    const events: string[] = [];
    const { commands } = connect((event) => events.push(event));
    const [sum, failed] = [commands.add(1, 2), commands.add(3, 4)];
    const [worker] = workers as [FakeWorker];
    expect(worker.received).toEqual([]);
    worker.say({ serving: true });
    expect(worker.received.map(({ command, args }) => [command, ...args])).toEqual([
      ['add', 1, 2],
      ['add', 3, 4],
    ]);
    worker.say({ event: 'half' });
    worker.say({ call: worker.received[1]!.call, error: { name: 'RangeError', message: 'too large' } });
    worker.say({ call: worker.received[0]!.call, result: 3 });
    expect(await sum).toBe(3);
    await expect(failed).rejects.toMatchObject({ name: 'RangeError', message: 'too large' });
    expect(events).toEqual(['half']);
    const later = commands.add(5, 6);
    worker.say({ call: worker.received[2]!.call, result: 11 });
    expect(await later).toBe(11);
  });

  it('starts a worker again that does not serve in time, and calls the new one', async () => {
    const { commands } = connect();
    const sum = commands.add(1, 2);
    vi.advanceTimersByTime(15_000);
    expect(workers.map(({ ended }) => ended)).toEqual([true, false]);
    workers[0]!.say({ serving: true }); // too late: it was ended
    workers[1]!.say({ serving: true });
    expect(workers.map(({ received }) => received.length)).toEqual([0, 1]);
    workers[1]!.say({ call: workers[1]!.received[0]!.call, result: 3 });
    expect(await sum).toBe(3);
    vi.advanceTimersByTime(100_000);
    expect(workers).toHaveLength(2);
  });

  it('rejects calls when no worker starts, and when one fails', async () => {
    const connection = connect();
    const never = connection.commands.add(1, 2);
    vi.advanceTimersByTime(45_000);
    await expect(never).rejects.toThrow('did not start');
    expect(workers.map(({ ended }) => ended)).toEqual([true, true, true]);
    await expect(connection.commands.add(1, 2)).rejects.toThrow('did not start');
    connection.restart();
    const sum = connection.commands.add(1, 2);
    workers[3]!.say({ serving: true });
    workers[3]!.say({ call: workers[3]!.received[0]!.call, result: 3 });
    expect(await sum).toBe(3);

    workers = [];
    const started = connect();
    const failing = started.commands.add(1, 2);
    workers[0]!.dispatchEvent(Object.assign(new Event('error'), { message: 'no such file' }));
    await expect(failing).rejects.toThrow('no such file');
    await expect(started.commands.add(1, 2)).rejects.toThrow('no such file');
  });

  it('rejects calls under way when it is told to start again', async () => {
    const connection = connect();
    workers[0]!.say({ serving: true });
    const lost = connection.commands.add(1, 2);
    connection.restart();
    await expect(lost).rejects.toThrow('started again');
    expect(workers.map(({ ended }) => ended)).toEqual([true, false]);
    workers[1]!.say({ serving: true });
    const sum = connection.commands.add(1, 2);
    workers[1]!.say({ call: workers[1]!.received[0]!.call, result: 3 });
    expect(await sum).toBe(3);
  });
});

describe('within', () => {
  it('gives what came in time, and says what did not', async () => {
    expect(await within(1, 'It', Promise.resolve(7))).toBe(7);
    const late = within(2, 'The storage', new Promise<number>(() => {}));
    vi.advanceTimersByTime(2000);
    await expect(late).rejects.toThrow(LateError);
    await expect(late).rejects.toThrow('The storage did not answer within 2 s.');
    expect(vi.getTimerCount()).toBe(0);
  });
});
