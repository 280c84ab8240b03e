import { type ZoomTransform, zoomIdentity } from 'd3-zoom';
import type { PictureSet } from '../../shared/pictures.js';
import { Atlas } from './atlas.js';
import { Glide } from './glide.js';
import { type Places, plainGrid } from './places.js';

/** Sides of a picture in CSS pixels, at any zoom. */
const [smallest, largest] = [12, 128];

/** What is drawn around pictures. */
export interface Emphasis {
  marked: ReadonlySet<number>;
  chosen: number | undefined;
  /** The nearest of the chosen one. */
  near: readonly number[];
}

/** The canvas of the map: pictures at their places, which glide from one layout to the next. */
export class MapView {
  indices: readonly number[] = [];
  colors: readonly string[] | undefined;
  emphasis: Emphasis = { marked: new Set(), chosen: undefined, near: [] };
  transform: ZoomTransform = zoomIdentity;
  /** A polygon that is being drawn, in CSS pixels. */
  outline: readonly [number, number][] = [];
  private readonly atlas = new Atlas();
  private readonly context: CanvasRenderingContext2D;
  private readonly glide = new Glide();
  private asked = 0;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext('2d')!;
    new ResizeObserver(() => this.ask()).observe(canvas);
    for (const event of ['focus', 'blur']) canvas.addEventListener(event, () => this.ask());
    addEventListener('resize', () => this.ask()); // also sent when the theme changes
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.ask());
  }

  /** Shows pictures in a plain grid. */
  show(pictures: PictureSet, indices: readonly number[]): void {
    this.indices = indices;
    this.atlas.fill(pictures, indices);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.glide.begin(plainGrid(indices.length, width / Math.max(1, height)));
    this.ask();
  }

  /** Lets the pictures glide to other places. */
  moveTo(places: Places): void {
    this.glide.moveTo(places);
    this.ask();
  }

  /** The uppermost picture at a point of the canvas, `undefined` if there is none. */
  at(x: number, y: number): number | undefined {
    const half = this.side() / 2 + 2;
    const order = this.order();
    for (let i = order.length - 1; i >= 0; i--) {
      const place = order[i]!;
      const [cx, cy] = this.point(place);
      if (Math.abs(cx - x) <= half && Math.abs(cy - y) <= half) return this.indices[place];
    }
    return undefined;
  }

  /** The picture nearest to the middle of what is seen. */
  middle(): number | undefined {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    let found: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [place, index] of this.indices.entries()) {
      const [x, y] = this.point(place);
      const distance = Math.hypot(x - width / 2, y - height / 2);
      if (distance < least) [found, least] = [index, distance];
    }
    return found;
  }

  /** The pictures whose centers lie where `contains` says so. */
  within(contains: (point: [number, number]) => boolean): number[] {
    return this.indices.filter((_, place) => contains(this.point(place)));
  }

  /** Draws at the browser's next frame. */
  ask(): void {
    this.asked ||= requestAnimationFrame((now) => {
      this.asked = 0;
      this.draw(now);
      if (this.glide.isMoving(now)) this.ask();
    });
  }

  private side(): number {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const even = Math.sqrt((width * height) / Math.max(1, this.indices.length));
    const base = Math.max(smallest, Math.min(48, 0.68 * even));
    return Math.min(largest, base * this.transform.k ** 0.8);
  }

  private point(place: number, places = this.glide.goal): [number, number] {
    const margin = Math.max(smallest, this.side() / this.transform.k / 2) + 8;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const x = margin + places[2 * place]! * (width - 2 * margin);
    const y = margin + places[2 * place + 1]! * (height - 2 * margin);
    return this.transform.apply([x, y]);
  }

  /** Places in the order of drawing: what is emphasized lies on top. */
  private order(): number[] {
    const { marked, chosen, near } = this.emphasis;
    const rank = (index: number) =>
      index === chosen ? 3 : near.includes(index) ? 2 : marked.has(index) ? 1 : 0;
    const places = [...this.indices.keys()];
    if (marked.size === 0 && chosen === undefined) return places;
    return places.sort((a, b) => rank(this.indices[a]!) - rank(this.indices[b]!) || a - b);
  }

  private draw(now: number): void {
    const { canvas, context } = this;
    const ratio = Math.min(2, devicePixelRatio);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across) canvas.width = across;
    if (canvas.height !== down) canvas.height = down;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const [accent, mark] = ['--accent', '--mark'].map((name) => style.getPropertyValue(name)) as [
      string,
      string,
    ];
    const places = this.glide.at(now);
    const side = this.side();
    const { marked, chosen, near } = this.emphasis;
    this.drawLines(places, accent);
    for (const place of this.order()) {
      const [x, y] = this.point(place, places);
      const half = side / 2;
      if (x < -side || y < -side || x > width + side || y > height + side) continue;
      const index = this.indices[place]!;
      const frame = (grow: number, color: string) => {
        context.fillStyle = color;
        context.beginPath();
        context.roundRect(x - half - grow, y - half - grow, side + 2 * grow, side + 2 * grow, 3);
        context.fill();
      };
      if (marked.has(index)) frame(5, mark);
      else if (index === chosen) frame(5, accent);
      else if (near.includes(index)) frame(4, accent);
      if (this.colors) frame(2, this.colors[place]!);
      this.atlas.draw(context, place, x - half, y - half, side);
    }
    this.drawMiddle(accent, side);
    this.drawOutline(mark);
  }

  /** Lines from the chosen picture to its nearest. */
  private drawLines(places: Places, color: string): void {
    const { chosen, near } = this.emphasis;
    const place = chosen === undefined ? -1 : this.indices.indexOf(chosen);
    if (place < 0) return;
    const { context } = this;
    const start = this.point(place, places);
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const index of near) {
      const other = this.indices.indexOf(index);
      if (other < 0) continue;
      context.moveTo(...start);
      context.lineTo(...this.point(other, places));
    }
    context.stroke();
  }

  /** Where the keys act: around the picture in the middle, while the map has the focus of the keyboard. */
  private drawMiddle(color: string, side: number): void {
    if (!this.canvas.matches(':focus-visible')) return;
    const index = this.middle();
    if (index === undefined) return;
    const [x, y] = this.point(this.indices.indexOf(index));
    this.context.strokeStyle = color;
    this.context.lineWidth = 3;
    this.context.setLineDash([5, 3]);
    this.context.strokeRect(x - side / 2 - 6, y - side / 2 - 6, side + 12, side + 12);
    this.context.setLineDash([]);
  }

  private drawOutline(color: string): void {
    const { context, outline } = this;
    if (outline.length < 2) return;
    context.beginPath();
    for (const point of outline) context.lineTo(...point);
    context.closePath();
    context.globalAlpha = 0.15;
    context.fillStyle = color;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.stroke();
  }
}
