import type { TrainStepResult } from '../trainer.js';
import type { FitBatch } from './epoch-batches.js';

/** A step whose loss may not be known yet. */
export interface PendingStep {
  batch: FitBatch;
  result: Promise<TrainStepResult>;
  /** Whether it is finished once the next one is under way, and not at once. */
  late: boolean;
}

/** Finishes steps in their order, and frees their batches. */
export class PendingSteps {
  private waiting: PendingStep | undefined;

  /** @param finish - Reads the loss of a step and reports it. */
  constructor(private readonly finish: (step: PendingStep) => Promise<void>) {}

  /** Adds a step that was taken, and finishes the one before. */
  async add(step: PendingStep): Promise<void> {
    try {
      await this.settle();
    } catch (error) {
      step.batch.dispose();
      throw error;
    }
    this.waiting = step;
    if (!step.late) await this.settle();
  }

  /** Finishes the step that waits, if any. */
  async settle(): Promise<void> {
    const step = this.waiting;
    this.waiting = undefined;
    if (!step) return;
    try {
      await this.finish(step);
    } finally {
      step.batch.dispose();
    }
  }
}
