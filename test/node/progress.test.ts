import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { progress, progressBar } from '../../src/node/index.js';

class Recorder extends Writable {
  text = '';
  readonly columns = 200;

  constructor(readonly isTTY: boolean) {
    super();
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function train(
  stream: Recorder,
  options: { quiet?: boolean; totalSteps?: number; firstStep?: number } = {},
): string {
  const { quiet = false, totalSteps, firstStep = 0 } = options;
  const bar = progressBar({ stream, quiet });
  bar.onFitStart({ epochs: 2, batchSize: 8, ...(totalSteps !== undefined && { totalSteps }) });
  for (let step = firstStep; step < firstStep + 4; step++) {
    const epoch = step >> 1;
    bar.onStepEnd({ step, epoch, loss: 2.5 - step / 4, learningRate: 0.1, seconds: 0.5, pairs: 8 });
    if (step % 2) bar.onEpochEnd({ epoch, loss: 2 - epoch, seconds: 1, pairsPerSecond: 16, steps: 2 });
  }
  bar.onFitEnd();
  return stream.text;
}

// These tests decide for themselves whether they run in CI and on a terminal.
beforeEach(() => {
  vi.stubEnv('CI', undefined);
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('progressBar', () => {
  it('writes one line an epoch where there is no terminal, and in CI', () => {
    const lines =
      'epoch 1/2: loss 2.0000, 2 steps in 1.0 s, 16 pairs/s\nepoch 2/2: loss 1.0000, 2 steps in 1.0 s, 16 pairs/s\n';
    expect(train(new Recorder(false), { totalSteps: 4 })).toBe(lines);
    vi.stubEnv('CI', 'true');
    expect(train(new Recorder(true), { totalSteps: 4 })).toBe(lines);
  });

  it('writes nothing when quiet', () => {
    expect(train(new Recorder(false), { quiet: true })).toBe('');
    expect(train(new Recorder(true), { quiet: true })).toBe('');
  });

  it('draws a bar with loss and speed on a terminal', () => {
    const text = train(new Recorder(true), { totalSteps: 4 });
    expect(text).toContain('epoch 1/2');
    expect(text).toMatch(/epoch 2\/2 .*100% \| step 4\/4 \| .* left \| loss 1\.7500 \| 16 pairs\/s/);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('counts steps without a bar where their number is not known', () => {
    const text = train(new Recorder(true));
    expect(text).toMatch(/epoch 2\/2 step 4 \| loss 1\.7500/);
    expect(text).not.toContain('%');
  });

  it('counts the steps of this call, also when training goes on from earlier steps', () => {
    const text = train(new Recorder(true), { totalSteps: 4, firstStep: 20 });
    expect(text).toContain('0% | step 0/4');
    expect(text).toContain('100% | step 4/4');
    expect(text).not.toContain('step 20');
  });
});

describe('progress', () => {
  it('draws a bar on a terminal and one line elsewhere', () => {
    const terminal = new Recorder(true);
    const bar = progress(4, 'Decoding', { stream: terminal });
    bar.increment();
    bar.update(4, 'last.png');
    bar.stop();
    bar.stop();
    expect(terminal.text).toMatch(/Decoding .*100% \| 4\/4 \| .* left last\.png/);

    const file = new Recorder(false);
    const lines = progress(4, 'Decoding', { stream: file });
    lines.increment(3);
    expect(file.text).toBe('');
    lines.stop();
    lines.stop();
    expect(file.text).toMatch(/^Decoding: 3\/4 in \d+\.\d s\n$/);

    const silent = new Recorder(false);
    progress(4, 'Decoding', { stream: silent, quiet: true }).stop();
    expect(silent.text).toBe('');
  });

  it('refuses a total that is no number', () => {
    expect(() => progress(Number.NaN, 'x')).toThrow(InvalidOptionError);
    expect(() => progress(-1, 'x')).toThrow(/total must be a finite number >= 0. Received: total=-1/);
  });

  it('does not keep a program alive that forgets to stop it', () => {
    const script = `
      import { progress } from './src/node/progress.ts';
      process.stderr.isTTY = true;
      progress(10, 'Work').update(3);
    `;
    const { status, stderr } = spawnSync('node', ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { ...process.env, CI: '', TERM: 'xterm' },
      timeout: 30_000,
    });
    expect(stderr).toContain('Work');
    expect(status).toBe(0);
  });
});
