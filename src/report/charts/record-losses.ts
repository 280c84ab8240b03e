import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../errors/errors.js';
import { runFiles } from '../../node/checkpoints/run-directory.js';
import { type FilePath, toFileName } from '../../node/files/file-path.js';
import { explainSystemError } from '../../node/files/system-error.js';
import type { Callback } from '../../training/index.js';
import { writeText } from '../page/write-text.js';

/** Lines of the steps before `step`, which a resumed run keeps. */
async function linesBefore(path: string, step: number): Promise<string> {
  if (step === 0) return '';
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new DataError(
      `recordLosses: ${path} must be a file that can be read. Received: ${explainSystemError(error)}.`,
      path,
      { cause: error },
    );
  });
  const kept = text
    .split('\n')
    .slice(0, -1)
    .filter((line) => {
      try {
        return (JSON.parse(line) as { step: number }).step < step;
      } catch {
        return false;
      }
    });
  return kept.map((line) => `${line}\n`).join('');
}

/**
 * Callback that appends loss and learning rate of each step to `losses.jsonl` in a folder, so that a run that is killed has
 * its curve, too. A run that continues from a checkpoint keeps the earlier lines. The first step removes `evaluation.json`,
 * because it belongs to older weights.
 *
 * @param dir - The folder of the run, a name or a `file:` URL; it is created if it is missing.
 * @returns The callback. Its `onFitStart` throws `DataError` when the file cannot be written.
 * @example
 * await simclr.fit(pictures, { epochs: 100, callbacks: [recordLosses('runs/first')] });
 */
export function recordLosses(dir: FilePath): Callback {
  const folder = toFileName('recordLosses', 'dir', dir);
  const path = join(folder, runFiles.losses);
  let file: FileHandle | undefined;
  let isFirst = true;
  return {
    async onFitStart(_, { simclr }) {
      await writeText('recordLosses', path, await linesBefore(path, simclr.progress.step));
      file = await open(path, 'a');
      isFirst = true;
    },
    async onStepEnd({ step, epoch, loss, learningRate, pairs, seconds }) {
      if (isFirst) await rm(join(folder, runFiles.evaluation), { force: true });
      isFirst = false;
      const rate = Number.isFinite(learningRate) ? { learningRate } : {};
      await file?.appendFile(`${JSON.stringify({ step, epoch, loss, ...rate, pairs, seconds })}\n`);
    },
    async onFitEnd() {
      await file?.close();
      file = undefined;
    },
  };
}
