import type { Callback } from 'simclr-ts';
import type { Context } from '../context.js';
import { warnOfSkipped } from './pictures.js';
import type { TrainingPictures } from './training/pictures/training-pictures.js';
import { saveSettings, type TrainingSettings } from './training/saved-settings.js';

/** Warns once of each damaged file that an epoch finds, and saves their number. */
export function tellSkipped(
  pictures: TrainingPictures,
  settings: TrainingSettings,
  out: string,
  context: Context,
): Callback {
  const told = new Set<string>();
  const tell = async () => {
    const found = pictures.skipped.filter(({ path }) => !told.has(path));
    for (const { path } of found) told.add(path);
    warnOfSkipped(found, context);
    if (found.length > 0) await saveSettings(out, { ...settings, damaged: pictures.skipped.length });
  };
  return { onEpochEnd: tell, onFitEnd: tell };
}
