import { polygonContains } from 'd3-polygon';
import type { MapView } from './map-view.js';

/** Less is a click. */
const fewestPoints = 4;

/**
 * Draws around pictures with pointer or finger.
 *
 * @param isOn - Whether a drag draws.
 * @param onEnclosed - Is told which pictures a drag has enclosed.
 */
export function lasso(view: MapView, isOn: () => boolean, onEnclosed: (indices: number[]) => void): void {
  const { canvas } = view;
  let points: [number, number][] | undefined;
  const draw = (next: readonly [number, number][]) => {
    view.outline = next;
    view.ask();
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (!isOn() || !event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    points = [[event.offsetX, event.offsetY]];
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!points || !event.isPrimary) return;
    points.push([event.offsetX, event.offsetY]);
    draw(points);
  });
  const end = (isWhole: boolean) => {
    const polygon = points;
    points = undefined;
    draw([]);
    if (isWhole && polygon && polygon.length >= fewestPoints) {
      onEnclosed(view.within((point) => polygonContains(polygon, point)));
    }
  };
  canvas.addEventListener('pointerup', ({ isPrimary }) => isPrimary && end(true));
  canvas.addEventListener('pointercancel', () => end(false));
}
