import type { MeasureEvent } from '../shared/trainer-protocol.js';
import type { App } from './app.js';
import { byId, imageData } from './dom.js';

const thumbnail = 64;
const glideMilliseconds = 700;

/** The map: pictures at the positions that umap-js computes, which move from one measurement to the next. */
export function mapPanel(app: App): void {
  const canvas = byId<HTMLCanvasElement>('map');
  const context = canvas.getContext('2d')!;
  const atlas = document.createElement('canvas');
  let indices: number[] = [];
  let from: Float32Array = new Float32Array(0);
  let to: Float32Array = new Float32Array(0);
  let began = 0;
  let busy = false;
  let waiting: MeasureEvent | undefined;
  canvas.setAttribute('role', 'img');
  canvas.ariaLabel = 'Map of the pictures: empty until there are pictures';

  /** All thumbnails in one canvas, so that drawing a frame only copies. */
  const fillAtlas = () => {
    const columns = Math.ceil(Math.sqrt(indices.length));
    atlas.width = columns * thumbnail;
    atlas.height = Math.ceil(indices.length / columns) * thumbnail;
    const into = atlas.getContext('2d')!;
    for (const [place, index] of indices.entries()) {
      const image = imageData(app.pictures.data, app.start(index), app.pictures.size);
      into.putImageData(image, (place % columns) * thumbnail, Math.floor(place / columns) * thumbnail);
    }
  };

  const positions = (now: number): Float32Array => {
    const reduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const part = reduced ? 1 : Math.min(1, (now - began) / glideMilliseconds);
    const eased = part * part * (3 - 2 * part);
    return to.map((value, i) => from[i]! + eased * (value - from[i]!));
  };

  const draw = (now: number) => {
    const side = canvas.clientWidth * devicePixelRatio;
    const height = canvas.clientHeight * devicePixelRatio;
    if (canvas.width !== Math.round(side)) canvas.width = Math.round(side);
    if (canvas.height !== Math.round(height)) canvas.height = Math.round(height);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const places = positions(now);
    const columns = Math.ceil(Math.sqrt(indices.length));
    const size = Math.max(14, Math.min(30, 500 / Math.sqrt(indices.length))) * devicePixelRatio;
    for (let i = 0; i < indices.length; i++) {
      const x = places[2 * i]! * (canvas.width - size);
      const y = places[2 * i + 1]! * (canvas.height - size);
      const left = (i % columns) * thumbnail;
      const top = Math.floor(i / columns) * thumbnail;
      context.drawImage(atlas, left, top, thumbnail, thumbnail, x, y, size, size);
    }
    if (now - began < glideMilliseconds) requestAnimationFrame(draw);
  };

  const move = (next: Float32Array) => {
    const now = performance.now();
    from = to.length === next.length ? positions(now) : next;
    to = next;
    began = now;
    requestAnimationFrame(draw);
  };

  const show = async (event: MeasureEvent) => {
    waiting = event;
    if (busy) return; // the latest only
    busy = true;
    try {
      while (waiting) {
        const { indices: shown, vectors, measurement } = waiting;
        waiting = undefined;
        const places = await app.side.map(vectors, shown.length);
        if (shown.join() !== indices.join()) {
          indices = shown;
          to = new Float32Array(0);
          fillAtlas();
        }
        move(unitSquare(places));
        canvas.ariaLabel = `Map of ${shown.length} pictures after step ${measurement.step}: like ones are near each other`;
      }
    } finally {
      busy = false;
    }
  };

  app.on('measured', (event) => void show(event));
  app.on('forgotten', () => {
    indices = [];
    to = new Float32Array(0);
    context.clearRect(0, 0, canvas.width, canvas.height);
  });
  new ResizeObserver(() => requestAnimationFrame(() => draw(performance.now()))).observe(canvas);
  canvas.addEventListener('click', (event) => {
    const places = positions(performance.now());
    const x = event.offsetX / canvas.clientWidth;
    const y = event.offsetY / canvas.clientHeight;
    let nearest = -1;
    let min = Number.POSITIVE_INFINITY;
    for (let i = 0; i < indices.length; i++) {
      const distance = Math.hypot(places[2 * i]! - x, places[2 * i + 1]! - y);
      if (distance < min) [nearest, min] = [i, distance];
    }
    if (nearest >= 0) app.tell('chosen', indices[nearest]!);
  });
}

/** Points moved and scaled into the unit square. */
function unitSquare(points: Float32Array): Float32Array {
  const min = [Infinity, Infinity];
  const max = [-Infinity, -Infinity];
  for (const [i, value] of points.entries()) {
    min[i % 2] = Math.min(min[i % 2]!, value);
    max[i % 2] = Math.max(max[i % 2]!, value);
  }
  return points.map((value, i) => (value - min[i % 2]!) / (max[i % 2]! - min[i % 2]! || 1));
}
