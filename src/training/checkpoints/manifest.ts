import { describeValue, shorten } from '../../errors/checks.js';
import { CheckpointError } from '../../errors/errors.js';

/** A checkpoint of a store. */
export interface CheckpointEntry {
  /** Its name in the store. */
  name: string;
  /** Optimizer steps taken before it was saved. */
  step: number;
  /** What `best` measured for it, smaller is better; `undefined` where nothing was. */
  value?: number;
}

/** What a store holds. */
export interface CheckpointManifest {
  /** In the order in which they were written: the last is the newest, whatever a clock says. */
  checkpoints: CheckpointEntry[];
}

const format = 'simclr-ts checkpoints';
const version = 1;
const namePattern = /^step-(\d{10,16})$/;

/** The name of the checkpoint after `step` steps; names sort as their steps. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(10, '0')}`;
}

/** The step in a name that {@link checkpointName} gave; `undefined` for other names. */
export function stepOfName(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1];
  const step = Number(digits);
  return digits !== undefined && checkpointName(step) === name ? step : undefined;
}

/** The manifest as text. */
export function formatManifest({ checkpoints }: CheckpointManifest): string {
  return `${JSON.stringify({ format, version, checkpoints }, null, 2)}\n`;
}

function fail(expectation: string, received: string): never {
  throw new CheckpointError(
    `parseManifest: the manifest must ${expectation}. Received: ${shorten(received)}.`,
  );
}

/** @throws {@link CheckpointError} unless `text` is what {@link formatManifest} gives, of this version. */
export function parseManifest(text: string): CheckpointManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(
      `parseManifest: the manifest must be JSON. Received: ${describeValue(text.slice(0, 40))}.`,
      { cause },
    );
  }
  const manifest = (json ?? {}) as { format?: unknown; version?: unknown; checkpoints?: unknown };
  if (manifest.format !== format)
    fail(`be of format "${format}"`, `format=${describeValue(manifest.format)}`);
  if (manifest.version !== version)
    fail(`be of version ${version}`, `version=${describeValue(manifest.version)}`);
  if (!Array.isArray(manifest.checkpoints)) fail('list checkpoints', describeValue(manifest.checkpoints));
  const names = new Set<string>();
  const checkpoints = manifest.checkpoints.map((entry: unknown): CheckpointEntry => {
    const { name, step, value } = (entry ?? {}) as Record<string, unknown>;
    const valid =
      typeof name === 'string' &&
      typeof step === 'number' &&
      stepOfName(name) === step &&
      !names.has(name) &&
      (value === undefined || (typeof value === 'number' && Number.isFinite(value)));
    if (!valid) fail('give each checkpoint one name, its step and a finite value', JSON.stringify(entry));
    names.add(name);
    return { name, step, ...(value === undefined ? {} : { value: value as number }) };
  });
  return { checkpoints };
}
