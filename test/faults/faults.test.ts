import { chmodSync, cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { checkpointDirectory, runDirectory } from '../../src/node/index.js';
import { latestCheckpoint } from '../../src/training/index.js';
import { tiny, writeClasses } from '../cli/pictures.js';
import { runCLI } from '../cli/run-cli.js';
import { temporaryFolder } from '../node/temporary.js';
import { surviveKills } from './kills.js';
import type { ChildTask } from './messages.js';
import { mount } from './mount.js';
import { startChild } from './spawn.js';

/** Runs a child to its end. */
async function run(task: Partial<ChildTask> & { folder: string }) {
  const child = startChild(task);
  const end = await child.ended;
  const { messages } = child;
  return {
    ...end,
    messages,
    resumed: messages.find((message) => message.kind === 'resumed')?.step as number | undefined,
    done: messages.find((message) => message.kind === 'done'),
    error: messages.find((message) => message.kind === 'error'),
  };
}

/** What the run comes to that nothing happens to. */
const straight = (until: number, task: Partial<ChildTask> = {}) =>
  run({ folder: join(temporaryFolder(), 'none'), everySteps: 0, until, ...task });

async function newestStep(folder: string): Promise<number | undefined> {
  const latest = await latestCheckpoint(checkpointDirectory(folder), {
    onDamaged: ({ name, reason }) => expect.fail(`${name} is damaged: ${reason}`),
  });
  return latest?.step;
}

describe('a process that is killed again and again', () => {
  it.each(['wasm', 'cpu'] as const)(
    'loses nothing but the steps since its last checkpoint, on %s',
    async (backend) => {
      const report = await surviveKills({ backend, kills: 4, whileWriting: 2, seed: 7 });
      expect(report).toMatchObject({ identical: true, damaged: 0 });
      expect(report.kills).toBeGreaterThanOrEqual(4);
      expect(report.mostStepsLost).toBeLessThanOrEqual(10); // two intervals: one step waits for the write before
    },
  );
});

describe('a process that is asked to end', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s saves, ends with %i, and continues bit for bit', async (signal, code) => {
    const folder = temporaryFolder();
    const child = startChild({ folder, everySteps: 1000 });
    for (let steps = 0; steps < 4; steps++) await child.next('step');
    child.process.kill(signal);
    expect(await child.ended).toMatchObject({ code, signal: null, stderr: '' });
    const done = child.messages.find((message) => message.kind === 'done')!;
    expect(done.outcome).toBe('aborted');
    expect(await newestStep(folder)).toBe(done.step);
    const until = done.step + 4;
    const [resumed, whole] = [await run({ folder, until }), await straight(until)];
    expect(resumed.resumed).toBe(done.step);
    expect(resumed.done!.hash).toBe(whole.done!.hash);
  });
});

describe('a command that is killed while it replaces a run', () => {
  it('leaves the old run or the new one, with its own settings', async () => {
    const cwd = temporaryFolder();
    await writeClasses(join(cwd, 'photos'), 8);
    const train = ['train', 'photos', ...tiny, '--out', 'run'];
    expect((await runCLI([...train, '--seed', '0'], { cwd })).code).toBe(0);
    const run = runDirectory(join(cwd, 'run'));
    for (const [seed, delay] of [0, 5, 20, 60].entries()) {
      const args = [...train, '--overwrite', '--epochs', '10000', '--seed', String(seed + 1)];
      // The moments are those after the first file of the new run, whatever the machine's speed.
      const end = await runCLI(args, {
        cwd,
        onStart: async (kill) => {
          while (!readdirSync(run.path).some((name) => name.startsWith('begun'))) await sleep(1);
          await sleep(delay);
          kill('SIGKILL');
        },
      });
      expect(end).toMatchObject({ code: null });
      const settings = JSON.parse(readFileSync(join(await run.current(), 'training.json'), 'utf8'));
      const found = (await (await run.newest())!.load()).userDefinedMetadata as { seed: number };
      expect(found.seed).toBe(settings.seed);
      expect([seed, seed + 1]).toContain(found.seed);
      // So that the next one has an old run of a known seed.
      const whole = await runCLI([...train, '--overwrite', '--seed', String(seed + 1)], { cwd });
      expect(whole.code).toBe(0);
      expect(readdirSync(run.path).sort()).toEqual([
        'checkpoints',
        'losses.jsonl',
        'model.json',
        'training.json',
        'weights.bin',
      ]);
    }
  });
});

describe('a run whose checkpoint', () => {
  const damages: [string, (folder: string) => void][] = [
    ['has torn weights', (folder) => truncateSync(join(folder, 'weights.bin'), 1000)],
    [
      'has one bit of another value',
      (folder) => {
        const bytes = readFileSync(join(folder, 'weights.bin'));
        bytes[bytes.length >> 1]! ^= 4;
        writeFileSync(join(folder, 'weights.bin'), bytes);
      },
    ],
    [
      'has a changed number in its model file',
      (folder) => {
        const text = readFileSync(join(folder, 'model.json'), 'utf8');
        writeFileSync(join(folder, 'model.json'), text.replace('"temperature":0.5', '"temperature":0.6'));
      },
    ],
    ['has a torn model file', (folder) => truncateSync(join(folder, 'model.json'), 200)],
    ['has an empty model file', (folder) => truncateSync(join(folder, 'model.json'), 0)],
  ];

  it('is damaged continues from the one before, says so, and ends where the straight run does', async () => {
    const task = { backend: 'cpu', width: 16 } as const;
    const before = temporaryFolder();
    const whole = await straight(11, task);
    await run({ ...task, folder: before, until: 10 });
    expect(await newestStep(before)).toBe(10);
    for (const [name, damage] of damages) {
      const folder = temporaryFolder();
      cpSync(before, folder, { recursive: true });
      damage(join(folder, 'step-0000000010'));
      const resumed = await run({ ...task, folder, until: 11 });
      expect(resumed.messages[0], name).toMatchObject({ kind: 'damaged', name: 'step-0000000010' });
      expect(resumed.resumed, name).toBe(5);
      expect(resumed.done!.hash, name).toBe(whole.done!.hash);
    }
  });
});

describe('a disk', () => {
  it('that is full ends training with a named error, and the checkpoints before stay', async ({ skip }) => {
    const folder = temporaryFolder();
    const unmount = mount(folder, 'size=4m');
    if (!unmount) return skip('a small file system cannot be mounted here (needs Linux and root)');
    try {
      // Four of 1.1 MB do not fit, and three are kept.
      const { code, error } = await run({ folder, until: 100 });
      expect(code).toBe(1);
      expect(error).toMatchObject({ name: 'CheckpointError' });
      expect(error!.message).toContain('no space left on the device (ENOSPC)');
      const step = await newestStep(folder);
      expect(step).toBeGreaterThan(0);
      expect(readdirSync(join(folder, `step-${String(step).padStart(10, '0')}`)).sort()).toEqual([
        'model.json',
        'weights.bin',
      ]);
    } finally {
      unmount();
    }
  });

  it('that cannot be written is known before the first step', async ({ skip }) => {
    const folder = temporaryFolder();
    const root = process.getuid?.() === 0;
    const unmount = root ? mount(folder, 'ro') : () => chmodSync(folder, 0o700);
    if (!unmount) return skip('as root, a read-only file system would have to be mounted');
    if (!root) chmodSync(folder, 0o500);
    try {
      const { code, error, messages } = await run({ folder, until: 100 });
      expect(code).toBe(1);
      expect(error).toMatchObject({ name: 'CheckpointError' });
      expect(error!.message).toMatch(/path must be a folder that can be written.*(EROFS|EACCES)/);
      expect(messages.some(({ kind }) => kind === 'step')).toBe(false);
    } finally {
      unmount();
    }
  });
});

describe('a fault in the middle of an epoch', () => {
  const faults = [
    ['memory', 1, /memory is full/, 'BackendError'],
    ['thread', 2, /thread 1 ended/, 'BackendError'],
    ['callback', 1, /^a callback of the user$/, 'Error'],
  ] as const;

  it.each(faults)(
    '(%s) ends training with its error; the run continues from the last checkpoint',
    async (...row) => {
      const [fault, threads, message, name] = row;
      const folder = temporaryFolder();
      const { code, error } = await run({ folder, threads, fault, faultAt: 7, until: 100 });
      expect(code).toBe(1);
      expect(error!.message).toMatch(message);
      expect(error!.name).toBe(name);
      expect(await newestStep(folder)).toBe(5);
      const [resumed, whole] = [await run({ folder, until: 9 }), await straight(9)];
      expect(resumed.resumed).toBe(5);
      expect(resumed.done!.hash).toBe(whole.done!.hash);
    },
  );
});
