import type { BeforeTraining, MeasureEvent } from '../../shared/trainer-protocol.js';
import type { App } from '../page/app.js';
import { type Places, settled } from './places.js';

/** A layout may take this share of the time, because it takes a core from training. */
const shareOfLayouts = 0.25;

/** The layouts of the map, before training and now, which the side worker computes one after the other. */
export class Layouts {
  now: Places | undefined;
  before: BeforeTraining | undefined;
  private waiting: MeasureEvent | undefined;
  private busy = false;

  /** @param onLayout - Is told the step of a new layout and its pictures. */
  constructor(
    private readonly app: App,
    private readonly onLayout: (step: number, indices: number[]) => void,
  ) {
    app.on('measured', (event) => void this.add(event));
    app.on('restored', ({ before }) => {
      this.before = before ?? undefined;
    });
    app.on('forgotten', () => {
      this.waiting = undefined;
      this.now = undefined;
      this.before = undefined;
    });
  }

  /** Whether there is a real "before" to compare with what is now. */
  get hasBefore(): boolean {
    return this.app.trained && this.before !== undefined && this.now?.length === this.before.places.length;
  }

  private async add(event: MeasureEvent): Promise<void> {
    this.waiting = event;
    if (this.busy) return; // the latest only
    this.busy = true;
    try {
      while (this.waiting) {
        const began = performance.now();
        const { waiting } = this;
        this.waiting = undefined;
        await this.lay(waiting);
        const rest = this.app.mode === 'idle' ? 0 : (performance.now() - began) * (1 / shareOfLayouts - 1);
        await new Promise((resolve) => setTimeout(resolve, rest));
      }
    } finally {
      this.busy = false;
    }
  }

  private async lay({ version, indices, vectors, measurement, examples }: MeasureEvent): Promise<void> {
    const { app } = this;
    if (version !== app.pictures.version || indices.length < 3) return;
    const points = await app.side.map(vectors, indices.length);
    if (version !== app.pictures.version) return; // other pictures have come meanwhile
    const earlier = this.now ?? (this.before && Float32Array.from(this.before.places));
    this.now = settled(points, earlier);
    if (measurement.step === 0) {
      this.before = { indices, places: [...this.now], examples };
      void app.trainer.keepBefore(this.before);
    }
    this.onLayout(measurement.step, indices);
  }
}
