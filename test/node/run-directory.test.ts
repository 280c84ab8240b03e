import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { CheckpointError } from '../../src/errors/index.js';
import { checkpointDirectory, directory, runDirectory } from '../../src/node/index.js';
import { readRun } from '../../src/report/index.js';
import { SimCLR } from '../../src/training/index.js';
import { tinySimCLR } from '../training/tiny.js';
import { temporaryFolder } from './temporary.js';

/** What changes the disk, until the process is killed: then nothing does. */
const disk = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY }));
const killed = 'killed here';

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof fs>();
  const changes = ['open', 'writeFile', 'rename', 'rm', 'rmdir', 'mkdir', 'link', 'copyFile'] as const;
  const counted = Object.fromEntries(
    changes.map((name) => [
      name,
      (...args: unknown[]) =>
        disk.left-- > 0
          ? (actual[name] as (...received: unknown[]) => unknown)(...args)
          : Promise.reject(new Error(killed)),
    ]),
  );
  return { ...actual, ...counted };
});

const seeds = { old: 1, next: 2 };
const settingsOf = (seed: number) => JSON.stringify({ seed });

async function trainer(seed: number, step: number): Promise<SimCLR> {
  const simclr = tinySimCLR({ seed });
  simclr.progress.step = step;
  return simclr;
}

async function save(path: string, seed: number, step: number): Promise<void> {
  const simclr = await trainer(seed, step);
  await simclr.save(directory(path));
  simclr.dispose();
}

const losses = '{"step":0,"loss":2,"pairs":8}\n';
const evaluation = {
  classNames: ['a', 'b'],
  pictures: ['a/1.png'],
  labels: [0],
  predictions: { knn: [0], linearProbe: [1] },
};

let ended = '';
let cut = '';
beforeAll(async () => {
  const base = await fs.mkdtemp(join((await import('node:os')).tmpdir(), 'simclr-ts-runs-'));
  const files = async (path: string) => {
    await save(join(path, 'checkpoints/step-0000000005'), seeds.old, 5);
    writeFileSync(join(path, 'training.json'), settingsOf(seeds.old));
    writeFileSync(join(path, 'losses.jsonl'), losses);
    writeFileSync(join(path, 'evaluation.json'), JSON.stringify(evaluation));
    writeFileSync(join(path, 'notes.txt'), "the user's own");
    return path;
  };
  ended = await files(join(base, 'ended'));
  await save(ended, seeds.old, 5);
  cut = await files(join(base, 'cut'));
  return () => rmSync(base, { recursive: true, force: true });
});

function copyOf(run: string): string {
  const folder = temporaryFolder();
  cpSync(run, folder, { recursive: true });
  return folder;
}

/** What a command would use: seed and step of the model, and what describes it. */
async function found(path: string) {
  const newest = await runDirectory(path).newest();
  const simclr = await SimCLR.load(newest!);
  const run = await readRun(path);
  const { seed, progress } = simclr;
  simclr.dispose();
  return {
    seed,
    step: progress.step,
    said: newest!.step,
    settings: run.settings,
    losses: run.losses.length,
    evaluated: run.evaluation !== null,
  };
}

const before = { seed: 1, step: 5, said: 5, settings: { seed: 1 }, losses: 1, evaluated: true };
const after = { seed: 2, step: 0, said: 0, settings: { seed: 2 }, losses: 0, evaluated: false };

async function begin(path: string): Promise<void> {
  const simclr = await trainer(seeds.next, 0);
  try {
    await runDirectory(path).begin(settingsOf(seeds.next), (target) => simclr.save(target));
  } finally {
    simclr.dispose();
  }
}

describe('begin', () => {
  it('replaces a run by a new one, and leaves other files alone', async () => {
    const folder = copyOf(ended);
    const tensors = memory().numTensors;
    await begin(folder);
    expect(await found(folder)).toEqual(after);
    expect(memory().numTensors).toBe(tensors);
    expect(readdirSync(folder).sort()).toEqual(['checkpoints', 'losses.jsonl', 'notes.txt', 'training.json']);
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual(['step-0000000000']);
  });

  it.each(['ended', 'cut off'])(
    'killed at any moment leaves the old run (%s) or the new one',
    async (state) => {
      const run = state === 'ended' ? ended : cut;
      const seen: unknown[] = [];
      for (let operations = 0; ; operations++) {
        const folder = copyOf(run);
        disk.left = operations;
        const error = await begin(folder).catch((reason: Error) => reason);
        const isDone = disk.left >= 0 && !error;
        disk.left = Number.POSITIVE_INFINITY;
        if (isDone) break;
        const now = await found(folder);
        seen.push(now);
        expect([before, after], `after ${operations} operations`).toContainEqual(now);
        // The next one finishes or forgets what was cut off.
        await runDirectory(folder).settle();
        expect(await found(folder)).toEqual(now);
        expect(readdirSync(folder).filter((name) => /begun|tmp/.test(name))).toEqual([]);
      }
      expect(seen.length).toBeGreaterThan(20);
      expect(seen).toContainEqual(before);
      expect(seen).toContainEqual(after);
      // It never goes back.
      expect(seen.slice(seen.findIndex((each) => (each as typeof after).seed === 2))).not.toContainEqual(
        before,
      );
    },
  );

  it('keeps the old run when the new one cannot be saved', async () => {
    const folder = copyOf(ended);
    const full = new Error('no space');
    await expect(runDirectory(folder).begin('{}', () => Promise.reject(full))).rejects.toBe(full);
    expect(await found(folder)).toEqual(before);
  });
});

describe('newest', () => {
  it('is a checkpoint of more steps than model.json, as a killed run leaves it', async () => {
    const folder = copyOf(ended);
    await save(join(folder, 'checkpoints/step-0000000009'), seeds.old, 9);
    const newest = await runDirectory(folder).newest();
    expect(newest).toMatchObject({ step: 9, path: join(folder, 'checkpoints/step-0000000009') });
    expect(await found(folder)).toMatchObject({ step: 9 });
  });

  it('is model.json where it has as many steps or more, as after an end or a save of the user', async () => {
    expect(await runDirectory(ended).newest()).toMatchObject({ step: 5, path: ended });
    const folder = copyOf(ended);
    await save(folder, seeds.old, 50);
    expect(await runDirectory(folder).newest()).toMatchObject({ step: 50, path: folder });
  });

  it('is what is whole, and the rest is told', async () => {
    const folder = copyOf(ended);
    await save(join(folder, 'checkpoints/step-0000000009'), seeds.old, 9);
    writeFileSync(join(folder, 'checkpoints/step-0000000009/weights.bin'), 'torn');
    const damaged: string[] = [];
    const onDamaged = ({ name }: { name: string }) => void damaged.push(name);
    expect(await runDirectory(folder).newest({ onDamaged })).toMatchObject({ step: 5, path: folder });
    writeFileSync(join(folder, 'model.json'), '{');
    expect(await runDirectory(folder).newest({ onDamaged })).toMatchObject({ step: 5 });
    expect(damaged).toEqual(['step-0000000009', 'model.json', 'step-0000000009']);
    rmSync(join(folder, 'checkpoints'), { recursive: true });
    const error = await runDirectory(folder)
      .newest({ onDamaged })
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toContain('model.json');
  });

  it('is nothing in a folder without a model', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'checkpoints'));
    for (const path of [folder, join(folder, 'nowhere')]) {
      expect(await runDirectory(path).newest()).toBeUndefined();
      expect(await runDirectory(path).holdsModel()).toBe(false);
    }
    expect(await runDirectory(cut).holdsModel()).toBe(true);
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
    expect(await checkpointDirectory(join(cut, 'checkpoints')).names()).toEqual(['step-0000000005']);
    expect(readFileSync(join(cut, 'notes.txt'), 'utf8')).toContain('own');
  });
});
