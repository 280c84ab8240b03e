import { dispose, type Tensor4D, tidy } from '@tensorflow/tfjs-core';

/** Makes the views of a chunk: new tensors, one per view. */
export type MakeViews = (chunk: number) => readonly Tensor4D[];

/** The views of the chunks of a step: kept while there is memory for them, and made again otherwise. */
export class ViewMemory {
  private readonly kept = new Map<number, readonly Tensor4D[]>();
  private bytesLeft: number;

  /** @param bytes - How much memory views may take from one use to the next. */
  constructor(
    private readonly make: MakeViews,
    bytes: number,
  ) {
    this.bytesLeft = bytes;
  }

  /** The views of a chunk for `use` to read and not to dispose of; `last` when nobody will ask for them again. */
  with<T>(chunk: number, last: boolean, use: (views: readonly Tensor4D[]) => T): T {
    const views = this.kept.get(chunk) ?? tidy(() => [...this.make(chunk)]);
    try {
      return use(views);
    } finally {
      if (last || !this.keeps(chunk, views)) {
        this.kept.delete(chunk);
        dispose([...views]);
      }
    }
  }

  private keeps(chunk: number, views: readonly Tensor4D[]): boolean {
    if (this.kept.has(chunk)) return true;
    const bytes = views.reduce((total, { size }) => total + 4 * size, 0);
    if (bytes > this.bytesLeft) return false;
    this.bytesLeft -= bytes;
    this.kept.set(chunk, views);
    return true;
  }

  /** Disposes of the views that are still there. */
  dispose(): void {
    for (const views of this.kept.values()) dispose([...views]);
    this.kept.clear();
  }
}
