import { CheckpointError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import type { Trainer } from '../trainer.js';
import { type CheckpointEntry, checkpointName, formatManifest, stepOfName } from './manifest.js';
import { type CheckpointStore, type DamagedCheckpoint, latestCheckpoint, readEntries } from './store.js';

/** Options of {@link CheckpointLog}: see `CheckpointOptions`. */
export interface CheckpointLogOptions {
  keep?: number;
  best?: unknown;
  overwrite?: boolean;
}

/** Whether the store failed, rather than what it holds. */
function isUnreadable({ error }: DamagedCheckpoint): boolean {
  if (error === undefined) return false;
  const code = ((error as Error).cause as { code?: string } | undefined)?.code;
  return !isError(error, 'CheckpointError') || (code !== undefined && code !== 'ENOENT');
}

/** Keeps these checkpoints alone. The manifest names them first, so that it may be killed at any moment. */
export async function keepEntries(store: CheckpointStore, checkpoints: CheckpointEntry[]): Promise<void> {
  await store.writeManifest(formatManifest({ checkpoints }));
  const kept = new Set(checkpoints.map(({ name }) => name));
  for (const name of await store.names()) {
    if (!kept.has(name) && stepOfName(name) !== undefined) await store.remove(name);
  }
}

/**
 * Writes numbered checkpoints to a store and removes what is not to be kept. It can be killed at any moment:
 * a checkpoint counts when the manifest names it, and is removed after the manifest no longer does.
 */
export class CheckpointLog {
  private entries: CheckpointEntry[] = [];
  private readonly keep: number;
  private readonly keepBest: boolean;
  private readonly overwrite: boolean;

  constructor(
    private readonly store: CheckpointStore,
    options: CheckpointLogOptions,
  ) {
    this.keep = options.keep ?? 3;
    this.keepBest = options.best !== undefined;
    this.overwrite = options.overwrite ?? false;
  }

  /**
   * Reads what the store holds.
   *
   * @throws {@link CheckpointError} when it holds a run that this trainer, at step 0, did not continue from.
   */
  async open(simclr: Trainer): Promise<void> {
    const { manifest } = await readEntries(this.store);
    const newest = manifest.checkpoints.at(-1);
    if (simclr.progress.step === 0 && newest && newest.step > 0 && !this.overwrite) {
      const damaged: DamagedCheckpoint[] = [];
      const onDamaged = (one: DamagedCheckpoint) => damaged.push(one);
      const good = await latestCheckpoint(this.store, { onDamaged }).catch((error: unknown) => {
        // Where all of them are damaged there is nothing to lose; one that cannot be read may be whole.
        if (damaged.length === 0 || damaged.some(isUnreadable)) throw error;
        return undefined;
      });
      if (good && good.step > 0) {
        throw new CheckpointError(
          `checkpoint: a trainer that begins must not replace the checkpoints of a longer run. Load it with latestCheckpoint(store), take another store, or pass { overwrite: true }. Received: a trainer at step 0, and a store with ${good.name}.`,
        );
      }
    }
    this.entries = simclr.progress.step === 0 && this.overwrite ? [] : manifest.checkpoints;
  }

  /** Saves a trainer under the number of its step, and removes what is not to be kept any more. */
  async save(simclr: Trainer, value: number | undefined): Promise<void> {
    const { step } = simclr.progress;
    const name = checkpointName(step);
    const before = this.entries.find((entry) => entry.name === name);
    await simclr.save(this.store.at(name));
    const measured = value ?? before?.value;
    const entry: CheckpointEntry = { name, step };
    if (measured !== undefined && Number.isFinite(measured)) entry.value = measured;
    this.entries = this.kept([...this.entries.filter((other) => other.name !== name), entry]);
    await keepEntries(this.store, this.entries);
  }

  private kept(entries: CheckpointEntry[]): CheckpointEntry[] {
    const newest = new Set(entries.slice(-this.keep));
    const measured = entries.filter((entry) => entry.value !== undefined);
    const best = this.keepBest ? measured.sort((a, b) => a.value! - b.value!)[0] : undefined;
    return entries.filter((entry) => newest.has(entry) || entry === best);
  }
}
