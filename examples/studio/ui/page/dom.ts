/** The element with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** A new element with properties and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A canvas with the picture at offset `start` of red, green, and blue bytes. */
export function pictureCanvas(
  data: Uint8Array,
  start: number,
  size: number,
  className = 'picture',
): HTMLCanvasElement {
  const canvas = element('canvas', { width: size, height: size, className });
  canvas.getContext('2d')!.putImageData(imageData(data, start, size), 0, 0);
  return canvas;
}

/** Converts red, green, and blue bytes for a canvas. */
export function imageData(data: Uint8Array, start: number, size: number): ImageData {
  const image = new ImageData(size, size);
  for (let pixel = 0, from = start; pixel < size * size; pixel++) {
    image.data[4 * pixel] = data[from++]!;
    image.data[4 * pixel + 1] = data[from++]!;
    image.data[4 * pixel + 2] = data[from++]!;
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}

/** A duration as text: "40 s", "3 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '…';
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A share of one as a percentage. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** A duration in words: "about 4 minutes". */
export function about(seconds: number): string {
  if (seconds < 45) return 'less than a minute';
  const minutes = Math.round(seconds / 60);
  if (minutes <= 1) return 'about a minute';
  return minutes < 90 ? `about ${minutes} minutes` : `about ${Math.round(seconds / 3600)} hours`;
}

/** A number and what it counts. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** Downloads bytes or text as a file. */
export function download(name: string, contents: BlobPart): void {
  const url = URL.createObjectURL(new Blob([contents]));
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
