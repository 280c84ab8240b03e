import { isObject } from '../../errors/checks.js';
import { readJSON } from '../run-files.js';
import type { RunHealth } from '../types.js';

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isMeasure = (value: unknown) => typeof value === 'number' && value >= 0;

function isPoint(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { step, minutes, effectiveRank, alignment, seconds } = value;
  const known = [minutes, effectiveRank, seconds].every(isMeasure);
  return isCount(step) && known && (alignment === null || isMeasure(alignment));
}

function isHealth(value: unknown): value is RunHealth {
  if (!isObject(value)) return false;
  const { pictures, dim, points } = value;
  return isCount(pictures) && isCount(dim) && Array.isArray(points) && points.every(isPoint);
}

/**
 * Reads `health.json` of a run.
 *
 * @returns `undefined` without the file.
 * @throws `DataError` naming the file when it cannot be read or is damaged.
 */
export function readHealth(caller: string, path: string): Promise<RunHealth | undefined> {
  return readJSON(caller, path, isHealth, 'hold ranks during training, as recordHealth writes them');
}
