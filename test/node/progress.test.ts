import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { progress, progressBar } from '../../src/node/index.js';
import { formatDuration } from '../../src/node/progress/bar.js';
import { programArguments } from './program.js';

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

/** What a terminal shows in the end, line by line. */
function screen(text: string): string[] {
  const lines = [''];
  let [row, column] = [0, 0];
  let saved = [0, 0];
  for (const [token] of text.replaceAll('\x1b', '␛').matchAll(/␛(?:[78]|\[\??\d*[A-Za-z])|[\s\S]/g)) {
    const line = lines[row]!;
    if (token === '\n') [row, column] = [row + 1, 0];
    else if (token === '\r' || /\[1?G$/.test(token)) column = 0;
    else if (/\[0?K$/.test(token)) lines[row] = line.slice(0, column);
    else if (token === '␛7') saved = [row, column];
    else if (token === '␛8') [row, column] = saved as [number, number];
    else if (!token.startsWith('␛')) {
      lines[row] = line.padEnd(column).slice(0, column) + token + line.slice(column + 1);
      column++;
    }
    lines[row] ??= '';
  }
  return lines;
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
  it('writes one line per epoch without a terminal, and in CI', () => {
    const lines =
      'epoch 1/2: loss 2.0000, 2 steps in 1.0 s, 16 pairs/s\nepoch 2/2: loss 1.0000, 2 steps in 1.0 s, 16 pairs/s\n';
    expect(train(new Recorder(false), { totalSteps: 4 })).toBe(lines);
    vi.stubEnv('CI', 'true');
    expect(train(new Recorder(true), { totalSteps: 4 })).toBe(lines);
  });

  it('writes a line every so many seconds without a terminal, with means since the line before', () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const stream = new Recorder(false);
    const bar = progressBar({ stream, everySeconds: 60 });
    bar.onFitStart({ epochs: 2, totalSteps: 8, batchSize: 8 });
    for (const [step, seconds, loss] of [
      [0, 30, 4],
      [1, 61, 3],
      [2, 90, 2],
      [3, 122, 1],
      [4, 125, 9],
    ] as const) {
      clock.mockReturnValue(1000 * (1 + seconds));
      const epoch = step >> 2;
      bar.onStepEnd({ step, epoch, loss, learningRate: 0.1, seconds: 30, pairs: 61 });
      if (step === 3) bar.onEpochEnd({ epoch, loss: 2.5, seconds: 122, pairsPerSecond: 2, steps: 4 });
    }
    bar.onFitEnd();
    expect(stream.text).toBe(
      [
        '1m00s: epoch 1/2, step 2/8, loss 3.5000, 2.00 pairs/s, 3m05s left\n',
        '2m00s: epoch 1/2, step 4/8, loss 1.5000, 2.00 pairs/s, 2m00s left\n',
      ].join(''),
    );
    clock.mockRestore();
  });

  it('refuses a time between lines that is not above 0', () => {
    expect(() => progressBar({ everySeconds: 0 })).toThrow(/everySeconds must be a finite number > 0/);
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

  it('shows how much of its minutes a run has behind it', () => {
    const clock = vi.spyOn(performance, 'now');
    const stream = new Recorder(true);
    const bar = progressBar({ stream });
    const step = { epoch: 0, learningRate: 0.1, seconds: 0.5, pairs: 8 };
    const start = (totalSteps?: number) => {
      clock.mockReturnValue(1000);
      bar.onFitStart({ epochs: Infinity, minutes: 1, batchSize: 8, ...(totalSteps && { totalSteps }) });
      clock.mockReturnValue(31_000);
    };
    start();
    bar.onStepEnd({ ...step, step: 0, loss: 2 });
    bar.onFitEnd();
    expect(stream.text).toMatch(/epoch 1 \S+ 50% \| step 1 \| .* left \| loss 2\.0000/);
    // Its epochs end before its minutes.
    start(4);
    for (const number of [0, 1, 2]) bar.onStepEnd({ ...step, step: number, loss: 1 });
    bar.onFitEnd();
    expect(stream.text).toMatch(/75% \| step 3 \| .* left \| loss 1\.0000/);
    clock.mockRestore();
  });

  it('counts steps without a bar where their number is not known', () => {
    const text = train(new Recorder(true));
    expect(text).toMatch(/epoch 2\/2 step 4 \| loss 1\.7500/);
    expect(text).not.toContain('%');
  });

  it('counts the steps of this call, also when training continues from earlier steps', () => {
    const text = train(new Recorder(true), { totalSteps: 4, firstStep: 20 });
    expect(text).toContain('25% | step 1/4');
    expect(text).toContain('100% | step 4/4');
    expect(text).not.toContain('step 20');
  });
});

describe('a bar', () => {
  it.each([
    [0, '0s'],
    [9.4, '9s'],
    [58, '1m00s'],
    [65, '1m05s'],
    [899, '15m00s'], // not 14m60s
    [3599, '1h00m'],
    [7199, '2h00m'],
    [8100, '2h15m'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('begins without a remaining time, which nobody can know then', () => {
    const training = new Recorder(true);
    const bar = progressBar({ stream: training });
    bar.onFitStart({ epochs: 1, batchSize: 8, totalSteps: 100 });
    bar.onStepEnd({ step: 0, epoch: 0, loss: 2, learningRate: 0.1, seconds: 0.5, pairs: 8 });
    expect(training.text).toContain('step 1/100 | ? left');
    expect(training.text).not.toContain('0s left');
    bar.onFitEnd();
    const decoding = new Recorder(true);
    const other = progress(10, 'Decoding', { stream: decoding });
    expect(decoding.text).toContain('0/10 | ? left');
    other.update(10);
    other.stop();
    expect(decoding.text).toContain('10/10 | 0s left');
  });

  it('estimates the remaining time from the last updates, and draws the last of a burst', () => {
    vi.useFakeTimers();
    try {
      const stream = new Recorder(true);
      const bar = progress(100, 'Decoding', { stream });
      vi.advanceTimersByTime(1000);
      bar.update(1);
      expect(screen(stream.text)[0]).toContain('1/100 | 1m40s left');
      // From here on twice as fast: of the whole time 0.9 per second, of the last 50 updates 2 per second.
      for (let done = 2; done <= 60; done++) {
        vi.advanceTimersByTime(500);
        bar.update(done);
      }
      expect(screen(stream.text)[0]).toContain('60/100 | 20s left');
      for (const done of [61, 62, 63]) bar.update(done);
      expect(screen(stream.text)[0]).toContain('60/100');
      vi.advanceTimersByTime(100);
      expect(screen(stream.text)[0]).toContain('63/100');
      bar.stop();
      bar.update(99);
      vi.advanceTimersByTime(1000);
      expect(screen(stream.text)).toEqual([expect.stringContaining('63/100'), '']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('clears its line for other texts, and continues below them', () => {
    const stream = new Recorder(true);
    const bar = progressBar({ stream });
    bar.onFitStart({ epochs: 1, batchSize: 8, totalSteps: 2 });
    const step = { epoch: 0, loss: 2, learningRate: 0.1, seconds: 0.5, pairs: 8 };
    bar.onStepEnd({ ...step, step: 0 });
    stream.write('Warning: 3 files are damaged:\n  a.png\n  b.png\n');
    stream.write('half a line');
    bar.onStepEnd({ ...step, step: 1 });
    bar.onFitEnd();
    stream.write('done\n');
    const lines = screen(stream.text);
    expect(lines.slice(0, 4)).toEqual(['Warning: 3 files are damaged:', '  a.png', '  b.png', 'half a line']);
    expect(lines[4]).toMatch(/^epoch 1\/1 .*step 2\/2.*pairs\/s$/);
    expect(lines.slice(5)).toEqual(['done', '']);
    // The stream is as it was.
    expect(Object.hasOwn(stream, 'write')).toBe(false);
  });

  it('clears its line for what goes to the other stream of the process', () => {
    const [out, err] = [process.stdout, process.stderr];
    const kept = [out, err].map((stream) => Object.getOwnPropertyDescriptors(stream));
    let text = '';
    const write = ((chunk: string) => {
      text += chunk;
      return true;
    }) as typeof out.write;
    for (const stream of [out, err]) Object.assign(stream, { isTTY: true, write, columns: 200 });
    try {
      const bar = progress(3, 'Decoding');
      bar.increment();
      out.write('a result\n');
      bar.update(3);
      bar.stop();
      expect([out.write, err.write]).toEqual([write, write]);
    } finally {
      for (const [i, stream] of [out, err].entries()) {
        for (const name of ['isTTY', 'write', 'columns'] as const) {
          Reflect.deleteProperty(stream, name);
          const before = kept[i]![name];
          if (before) Object.defineProperty(stream, name, before);
        }
      }
    }
    expect(screen(text)[0]).toBe('a result');
    expect(screen(text)[1]).toMatch(/^Decoding .*3\/3/);
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

  it('refuses a total that is not a number', () => {
    expect(() => progress(Number.NaN, 'x')).toThrow(InvalidOptionError);
    expect(() => progress(-1, 'x')).toThrow(/total must be a finite number >= 0. Received: total=-1/);
  });

  it('does not keep a program alive that forgets to stop it', () => {
    const script = `
      import { progress } from './src/node/index.ts';
      process.stderr.isTTY = true;
      progress(10, 'Work').update(3);
    `;
    const { status, stderr } = spawnSync(process.execPath, programArguments(script), {
      encoding: 'utf8',
      env: { ...process.env, CI: '', TERM: 'xterm' },
      timeout: 30_000,
    });
    expect(stderr).toContain('Work');
    expect(status).toBe(0);
  });
});
