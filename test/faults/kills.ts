import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RandomGenerator, randomGenerator } from '../../src/random/index.js';
import type { ChildMessage, ChildTask } from './messages.js';
import { type Child, startChild } from './spawn.js';

/** Options of {@link surviveKills}. */
export interface KillOptions {
  /** SIGKILLs in all. */
  kills: number;
  /** Of them at least so many while a checkpoint is being written. */
  whileWriting: number;
  backend: 'cpu' | 'wasm';
  /** Seed of the moments. */
  seed: number;
  /** Hears of each life of the process. */
  onLife?: (text: string) => void;
}

/** What {@link surviveKills} saw. */
export interface KillReport {
  backend: string;
  kills: number;
  killsWhileWriting: number;
  /** Steps of the run that ended. */
  steps: number;
  /** Steps that were taken again, all kills together. */
  stepsLost: number;
  /** The most that one kill cost. */
  mostStepsLost: number;
  /** Checkpoints that were found damaged. */
  damaged: number;
  /** Whether weights, optimizer, statistics, extra state and position are those of the run without a kill. */
  identical: boolean;
}

/** The largest step of a kind that was said. */
function last(messages: readonly ChildMessage[], kind: 'resumed' | 'step' | 'saved' | 'writing'): number {
  return messages.reduce(
    (most, message) => (message.kind === kind ? Math.max(most, message.step) : most),
    -1,
  );
}

async function finish(child: Child): Promise<{ step: number; hash: string }> {
  const { code, stderr } = await child.ended;
  const done = child.messages.find((message) => message.kind === 'done');
  if (code !== 0 || !done) {
    throw new Error(`kills: the run must end. It said ${JSON.stringify(child.messages.at(-1))}. ${stderr}`);
  }
  return done;
}

/** One life of the process: started, and killed at a moment that chance decides. */
async function live(
  task: Partial<ChildTask> & { folder: string },
  random: RandomGenerator,
  inWrite: boolean,
  duration: number,
): Promise<{ messages: ChildMessage[]; writing: boolean; duration: number }> {
  const child = startChild(task);
  const resumed = await child.next('resumed');
  if (!resumed) await finish(child);
  if (inWrite) {
    // Let some writes pass first, so that the run gets ahead.
    for (let skipped = Math.floor(random.uniform() * 4); skipped >= 0; skipped--) await child.next('writing');
    await sleep(random.uniform() * 1.2 * duration); // all through a write: tensors, model, renames, manifest
  } else await sleep(random.uniform() * 500);
  child.process.kill('SIGKILL');
  const { signal, stderr } = await child.ended;
  if (signal !== 'SIGKILL') {
    throw new Error(
      `kills: a run must not end by itself. It said ${JSON.stringify(child.messages.at(-1))}. ${stderr}`,
    );
  }
  const { messages, times } = child;
  const [start, end] = ['writing', 'saved'].map(
    (kind) => times[messages.findIndex((one) => one.kind === kind)],
  );
  return {
    duration: start !== undefined && end !== undefined ? end - start : duration,
    messages,
    writing: last(messages, 'writing') > last(messages, 'saved'),
  };
}

/**
 * Kills a training run repeatedly and checks what each new process finds.
 *
 * @throws Error when a checkpoint that was reported as written is missing, or the run cannot resume.
 */
export async function surviveKills(options: KillOptions): Promise<KillReport> {
  const { backend, seed, onLife } = options;
  const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-kills-'));
  const random = randomGenerator(seed);
  const report = { kills: 0, killsWhileWriting: 0, stepsLost: 0, mostStepsLost: 0, damaged: 0 };
  const task = { folder, backend, width: backend === 'cpu' ? 64 : 288 };
  let reached = 0;
  let saved = -1;
  let duration = 50; // of a write, in milliseconds: measured as soon as there is one
  /** What this life began with must be no less than the checkpoints before promised. */
  const check = (messages: ChildMessage[]) => {
    const resumed = last(messages, 'resumed');
    if (resumed < saved) throw new Error(`kills: step ${saved} was saved, and step ${resumed} found.`);
    const lost = Math.max(0, reached - resumed);
    report.stepsLost += lost;
    report.mostStepsLost = Math.max(report.mostStepsLost, lost);
    report.damaged += messages.filter(({ kind }) => kind === 'damaged').length;
  };
  try {
    while (report.kills < options.kills || report.killsWhileWriting < options.whileWriting) {
      const { messages, writing, ...life } = await live(task, random, report.kills % 2 === 0, duration);
      duration = life.duration;
      check(messages);
      report.kills++;
      if (writing) report.killsWhileWriting++;
      reached = Math.max(last(messages, 'step'), last(messages, 'resumed'));
      saved = Math.max(saved, last(messages, 'saved'));
      onLife?.(`kill ${report.kills}${writing ? ' while writing' : ''} at step ${reached}, saved ${saved}`);
    }
    const until = Math.max(reached, saved) + 20;
    const survivor = startChild({ ...task, until });
    const end = await finish(survivor);
    check(survivor.messages);
    const straight = await finish(
      startChild({ ...task, folder: join(folder, 'none'), everySteps: 0, until }),
    );
    const identical = straight.hash === end.hash && straight.step === end.step;
    return { backend, ...report, steps: end.step, identical };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
