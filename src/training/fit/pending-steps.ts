import type { TrainStepResult } from '../simclr.js';
import type { FitBatch } from './epoch-batches.js';

/** A step whose loss may not be known yet. */
export interface MadeStep {
  batch: FitBatch;
  result: Promise<TrainStepResult>;
  /** Whether it is finished once the next one is under way, and not at once. */
  late: boolean;
}

/** Finishes steps in their order, and frees their batches. */
export class MadeSteps {
  private waiting: MadeStep | undefined;

  /** @param finish - Reads the loss of a step and tells of it. */
  constructor(private readonly finish: (made: MadeStep) => Promise<void>) {}

  /** Takes a step that was made, and finishes the one before. */
  async add(made: MadeStep): Promise<void> {
    try {
      await this.settle();
    } catch (error) {
      made.batch.dispose();
      throw error;
    }
    this.waiting = made;
    if (!made.late) await this.settle();
  }

  /** Finishes the step that waits, where there is one. */
  async settle(): Promise<void> {
    const made = this.waiting;
    this.waiting = undefined;
    if (!made) return;
    try {
      await this.finish(made);
    } finally {
      made.batch.dispose();
    }
  }
}
