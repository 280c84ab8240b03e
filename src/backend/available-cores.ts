import { cpuQuota, type ReadText } from './cpu-quota.js';
import { nodeModule } from './host.js';

/**
 * Processor cores that this process may use, at least 1: those that it may run on, and no more than a container's quota
 * of processor time comes to (rounded down: threads beyond it wait for one another).
 *
 * @example
 * decodePool({ size: 96, workers: availableCores() - 1 });
 */
export function availableCores(): number {
  const cores = nodeModule('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency;
  const fs = nodeModule('node:fs');
  return coresWithin(cores ?? 1, fs && ((path) => fs.readFileSync(path, 'utf8')));
}

/** `cores`, or fewer where the quota that `read` finds allows fewer. */
export function coresWithin(cores: number, read: ReadText | undefined): number {
  const quota = (read && cpuQuota(read)) ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(Math.min(cores, quota)));
}
