import { loadSharp } from '../../node/pictures/decode-image.js';
import { escapeHtml } from '../page/html.js';
import type { ReportPicture } from '../types.js';

async function pngUrl({ pixels, width, height }: ReportPicture): Promise<string> {
  const sharp = await loadSharp('writeReport');
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

/** An `img` element with the picture embedded. */
export async function imageTag(picture: ReportPicture, alt: string): Promise<string> {
  const { width, height } = picture;
  const text = escapeHtml(alt);
  return `<img src="${await pngUrl(picture)}" width="${width}" height="${height}" alt="${text}" title="${text}">`;
}

/** Many pictures of one size in one image. CSS shows parts of it. */
export interface Sprite {
  url: string;
  columns: number;
  rows: number;
}

/** Lays out pictures of one size in a square grid, row by row. */
export async function sprite(pictures: readonly ReportPicture[]): Promise<Sprite> {
  const { width, height } = pictures[0]!;
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Math.ceil(pictures.length / columns);
  const pixels = new Uint8Array(columns * width * rows * height * 3);
  for (const [index, picture] of pictures.entries()) {
    const left = (index % columns) * width;
    const top = Math.floor(index / columns) * height;
    for (let y = 0; y < height; y++) {
      const line = picture.pixels.subarray(y * width * 3, (y + 1) * width * 3);
      pixels.set(line, ((top + y) * columns * width + left) * 3);
    }
  }
  return { url: await pngUrl({ pixels, width: columns * width, height: rows * height }), columns, rows };
}
