import { isObject } from '../../errors/checks.js';
import { readJSON } from '../run-files.js';
import type { RunQuality } from '../types.js';

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isShare = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1;
const isTime = (value: unknown) => typeof value === 'number' && value >= 0;

function isPoint(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { step, minutes, accuracy, seconds } = value;
  return isCount(step) && isTime(minutes) && isShare(accuracy) && isTime(seconds);
}

function isQuality(value: unknown): value is RunQuality {
  if (!isObject(value)) return false;
  const { representation, references, testImages, whitenedPixels, points } = value;
  return (
    (representation === 'readout' || representation === 'h') &&
    isCount(references) &&
    isCount(testImages) &&
    isShare(whitenedPixels) &&
    Array.isArray(points) &&
    points.every(isPoint)
  );
}

/**
 * Reads `quality.json` of a run.
 *
 * @returns `undefined` without the file.
 * @throws `DataError` naming the file when it cannot be read or is damaged.
 */
export function readQuality(caller: string, path: string): Promise<RunQuality | undefined> {
  const expectation = 'hold accuracies during training, as recordQuality writes them';
  return readJSON(caller, path, isQuality, expectation);
}
