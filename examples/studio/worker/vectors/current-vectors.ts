import type { EmbeddingArray, SimCLR } from 'simclr-ts';
import type { Session } from '../session.js';
import { vectorsOf } from './vectors-of.js';

/** Vectors of all pictures, computed with the current weights and kept until pictures or weights change. */
export class CurrentVectors {
  private kept:
    | { simclr: SimCLR; step: number; version: number; vectors: Promise<EmbeddingArray> }
    | undefined;
  private warming: Promise<unknown> = Promise.resolve();
  private stopWarming = new AbortController();

  /** @param model - Waits for the model. */
  constructor(
    private readonly session: Session,
    private readonly model: () => Promise<SimCLR>,
  ) {}

  async get(): Promise<EmbeddingArray> {
    try {
      return await this.unlessAborted();
    } catch (error) {
      // They were those of a warming that has ended.
      if ((error as Error).name !== 'AbortError') throw error;
      return this.unlessAborted();
    }
  }

  /** Takes vectors of all pictures that were computed elsewhere. */
  take(simclr: SimCLR, vectors: EmbeddingArray): void {
    const { version } = this.session.pictures;
    this.kept = { simclr, step: simclr.progress.step, version, vectors: Promise.resolve(vectors) };
  }

  drop(): void {
    this.kept = undefined;
  }

  /** Computes them before someone searches. */
  warm(): void {
    this.stopWarming.abort();
    this.stopWarming = new AbortController();
    const { signal } = this.stopWarming;
    this.warming = this.warming.then(() => this.unlessAborted(signal)).catch(() => {}); // a search says what is wrong
  }

  /** Ends the warming: what follows must not wait for tens of thousands of pictures. */
  async endWarming(): Promise<void> {
    this.stopWarming.abort();
    await this.warming;
  }

  /** @throws an AbortError when the signal of the call that began to compute them aborts. */
  private async unlessAborted(signal?: AbortSignal): Promise<EmbeddingArray> {
    signal?.throwIfAborted();
    const simclr = await this.model();
    const { pictures } = this.session;
    const { version } = pictures;
    const { step } = simclr.progress;
    const { kept } = this;
    if (kept?.simclr === simclr && kept.step === step && kept.version === version) return kept.vectors;
    const all = Uint32Array.from({ length: pictures.names.length }, (_, index) => index);
    const [size] = simclr.inputSize;
    const vectors = this.session.withReadout((readout) =>
      vectorsOf(readout ?? simclr, pictures, all, size, signal),
    );
    const mine = { simclr, step, version, vectors };
    this.kept = mine;
    vectors.catch(() => {
      if (this.kept === mine) this.kept = undefined;
    });
    return vectors;
  }
}
