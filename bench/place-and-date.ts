import { availableParallelism, cpus } from 'node:os';

/** Where and when something is measured: processor and cores, and the day. */
export function placeAndDate(): { machine: string; date: string } {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return {
    machine: `${processor}, ${availableParallelism()} cores`,
    date: new Date().toISOString().slice(0, 10),
  };
}
