import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkKeys } from '../../errors/check-keys.js';
import { runFiles } from '../../node/checkpoints/run-directory.js';
import { type FilePath, toFileName } from '../../node/files/file-path.js';
import { type CountsBefore, countsBefore } from '../../training/callbacks/counts-before.js';
import type { Callback } from '../../training/index.js';
import { writeText } from '../page/write-text.js';
import { textOfFile } from '../run-files.js';

/** Options of {@link recordLosses}. */
export interface RecordLossesOptions {
  /**
   * What an earlier trainer of the same run counted: its `progress`. This one's steps and epochs are numbered from there on.
   * @defaultValue nothing: the run begins with this trainer
   */
  before?: CountsBefore;
}

/** Lines of the steps before `step`, which a resumed run keeps. */
async function linesBefore(path: string, step: number): Promise<string> {
  if (step === 0) return '';
  const text = (await textOfFile('recordLosses', path)) ?? '';
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
 * @param options - See {@link RecordLossesOptions}.
 * @returns The callback. Its `onFitStart` throws `DataError` when the file cannot be written.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @example
 * await simclr.fit(pictures, { epochs: 100, callbacks: [recordLosses('runs/first')] });
 */
export function recordLosses(dir: FilePath, options: RecordLossesOptions = {}): Callback {
  checkKeys('recordLosses', options, { before: 1 });
  const before = countsBefore('recordLosses', options.before);
  const folder = toFileName('recordLosses', 'dir', dir);
  const path = join(folder, runFiles.losses);
  let file: FileHandle | undefined;
  let isFirst = true;
  return {
    async onFitStart(_, { simclr }) {
      await writeText('recordLosses', path, await linesBefore(path, before.step + simclr.progress.step));
      file = await open(path, 'a');
      isFirst = true;
    },
    async onStepEnd({ step, epoch, loss, learningRate, pairs, seconds }) {
      if (isFirst) await rm(join(folder, runFiles.evaluation), { force: true });
      isFirst = false;
      const rate = Number.isFinite(learningRate) ? { learningRate } : {};
      const counts = { step: before.step + step, epoch: before.epoch + epoch };
      await file?.appendFile(`${JSON.stringify({ ...counts, loss, ...rate, pairs, seconds })}\n`);
    },
    async onFitEnd() {
      await file?.close();
      file = undefined;
    },
  };
}
