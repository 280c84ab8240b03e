import type { NormalizeOptions } from '../../augmentations/index.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { Readout } from '../../features/index.js';
import type { TrainerParts } from '../trainer.js';

/** How the read-out of a trainer stands to its encoder. */
export type ReadoutStatus = 'none' | 'current' | 'stale';

const advice = 'fit one: simclr.readout = await fitReadout(simclr, images)';

function text(normalization: NormalizeOptions | null): string {
  const { mean, std } = normalization ?? {};
  return JSON.stringify(mean && std ? { mean: Array.from(mean), std: Array.from(std) } : null);
}

/** The read-out of a trainer, which the trainer owns. */
export class TrainerReadout {
  private readout: Readout | undefined;
  /** Whether there was one in the checkpoint, which was stale already. */
  private isLost = false;

  constructor(private readonly parts: Pick<TrainerParts, 'encoder' | 'normalization'>) {}

  /** The read-out, stale or not. */
  get(): Readout | undefined {
    return this.readout?.isDisposed ? undefined : this.readout;
  }

  get status(): ReadoutStatus {
    const readout = this.get();
    if (readout) return readout.isOf(this.parts.encoder) ? 'current' : 'stale';
    return this.isLost ? 'stale' : 'none';
  }

  /**
   * Takes a read-out over, and disposes of the one before.
   *
   * @throws {@link InvalidOptionError} when it is not of this trainer's encoder as it is now.
   */
  set(readout: Readout | undefined): void {
    if (readout !== undefined) this.check(readout);
    if (readout !== this.readout) this.readout?.dispose();
    this.readout = readout;
    this.isLost = false;
  }

  private check(readout: Readout): void {
    const caller = 'SimCLR.readout';
    if (typeof readout?.isOf !== 'function' || readout.isDisposed) {
      const expectation = 'readout must be a Readout that was not disposed of, or undefined';
      throw new InvalidOptionError(receivedMessage(caller, expectation, 'readout', readout));
    }
    const { encoder, normalization } = this.parts;
    if (!readout.isOf(encoder)) {
      throw new InvalidOptionError(
        `${caller}: readout must be fitted to the encoder of this trainer with the weights that it has now; ${advice}. Received: one of another encoder, or of earlier weights.`,
      );
    }
    if (!this.hasNormalization(readout.normalization)) {
      throw new InvalidOptionError(
        `${caller}: readout must be fitted with the trainer's normalization, ${text(normalization)}; pass the trainer to fitReadout. Received: ${text(readout.normalization)}.`,
      );
    }
  }

  /** Whether the trainer normalizes pictures so. */
  hasNormalization(normalization: NormalizeOptions | null): boolean {
    return text(normalization) === text(this.parts.normalization);
  }

  /** Remembers that the checkpoint's read-out was stale, so that the error can say so. */
  setLost(): void {
    this.isLost = true;
  }

  /**
   * The read-out, to be used now.
   *
   * @throws {@link InvalidOptionError} when there is none, or training or other changes of the weights made it stale.
   */
  current(caller: string): Readout {
    const { status } = this;
    if (status === 'current') return this.readout!;
    const why =
      status === 'none'
        ? 'the model must have a read-out'
        : 'the read-out must be fitted to the encoder as it is now, and the weights have changed since';
    throw new InvalidOptionError(
      `${caller}: at 'readout', ${why}; ${advice}. Received: ${status === 'none' ? 'a model without one' : 'a stale read-out'}.`,
    );
  }

  dispose(): void {
    this.readout?.dispose();
  }
}
