import { select } from 'd3-selection';
import { zoom, zoomIdentity } from 'd3-zoom';
import type { MapView } from './map-view.js';

const mostZoom = 12;
/** By how much a button or key zooms, and how many pixels an arrow key moves. */
const zoomStep = 1.5;
const arrowStep = 60;

/** What moves the map, for buttons. */
export interface MapZoom {
  zoomIn(): void;
  zoomOut(): void;
  reset(): void;
}

/**
 * Zooms and moves the map by pointer, touch, wheel, and keys. While nothing is zoomed, one finger and the wheel scroll the
 * page, unless the map has the focus: a map that is most of the screen must not hold it.
 *
 * @param isLasso - Whether a drag draws a lasso instead.
 */
export function mapZoom(view: MapView, isLasso: () => boolean): MapZoom {
  const { canvas } = view;
  const selection = select(canvas);
  const behavior = zoom<HTMLCanvasElement, unknown>()
    .scaleExtent([1, mostZoom])
    .extent(() => [
      [0, 0],
      [canvas.clientWidth, canvas.clientHeight],
    ])
    .filter((event: Event) => {
      const { k } = view.transform;
      if (event instanceof WheelEvent) {
        const zooms = event.ctrlKey || k > 1 || document.activeElement === canvas;
        return zooms && !(k === 1 && event.deltaY > 0);
      }
      if (event.type.startsWith('touch')) {
        return (event as TouchEvent).touches.length > 1 || (k > 1 && !isLasso());
      }
      return !isLasso() && !(event as MouseEvent).button;
    })
    .on('zoom', ({ transform }) => {
      view.transform = transform;
      canvas.classList.toggle('zoomed', transform.k > 1);
      view.ask();
    });
  const limit = () =>
    behavior.translateExtent([
      [0, 0],
      [canvas.clientWidth, canvas.clientHeight],
    ]);
  new ResizeObserver(limit).observe(canvas);
  limit();
  selection.call(behavior);

  const by = (factor: number) => behavior.scaleBy(selection, factor);
  const move = (x: number, y: number) => {
    const { k } = view.transform;
    behavior.translateBy(selection, x / k, y / k);
  };
  const controls: MapZoom = {
    zoomIn: () => by(zoomStep),
    zoomOut: () => by(1 / zoomStep),
    reset: () => behavior.transform(selection, zoomIdentity),
  };
  const keys: Record<string, () => void> = {
    '+': controls.zoomIn,
    '=': controls.zoomIn,
    '-': controls.zoomOut,
    '0': controls.reset,
    ArrowLeft: () => move(arrowStep, 0),
    ArrowRight: () => move(-arrowStep, 0),
    ArrowUp: () => move(0, arrowStep),
    ArrowDown: () => move(0, -arrowStep),
  };
  canvas.addEventListener('keydown', (event) => {
    const action = event.ctrlKey || event.metaKey ? undefined : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  return controls;
}
