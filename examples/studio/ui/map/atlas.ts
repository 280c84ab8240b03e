import type { PictureSet } from '../../shared/pictures.js';
import { imageData } from '../page/dom.js';

/** Pictures side by side in one canvas, so that drawing one only copies. */
export class Atlas {
  private readonly canvas = document.createElement('canvas');
  private columns = 1;
  private size = 1;

  /** Takes these pictures, in this order. */
  fill({ data, size }: PictureSet, indices: readonly number[]): void {
    this.columns = Math.max(1, Math.ceil(Math.sqrt(indices.length)));
    this.size = size;
    this.canvas.width = this.columns * size;
    this.canvas.height = Math.max(1, Math.ceil(indices.length / this.columns)) * size;
    const context = this.canvas.getContext('2d')!;
    for (const [place, index] of indices.entries()) {
      const image = imageData(data, index * size * size * 3, size);
      context.putImageData(image, (place % this.columns) * size, Math.floor(place / this.columns) * size);
    }
  }

  /** Draws the picture at `place` as a square. */
  draw(context: CanvasRenderingContext2D, place: number, x: number, y: number, side: number): void {
    const { size, columns } = this;
    const left = (place % columns) * size;
    const top = Math.floor(place / columns) * size;
    context.drawImage(this.canvas, left, top, size, size, x, y, side, side);
  }
}
