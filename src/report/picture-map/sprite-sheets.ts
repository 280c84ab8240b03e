import { isError } from '../../errors/is-error.js';
import { decodePlan, loadSharp } from '../../node/pictures/decode-image.js';
import { defaultWorkers, makePool } from '../../node/pictures/decode-pool.js';

/** Thumbnails of one size, in a grid on each of several images. */
export interface SpriteSheets {
  /** Pixels of a side of a thumbnail. */
  cell: number;
  /** Thumbnails in a row, and rows of a full sheet. */
  columns: number;
  /** Sheets as data URLs. */
  urls: string[];
}

/** Pixels of a side of a sheet, which phones can draw from. */
const sheetSide = 2048;

/** Side of a thumbnail: few pictures have larger ones, so that a page stays below some 15 MB. */
const cellFor = (count: number) => (count <= 1500 ? 96 : 64);

/** Puts square thumbnails of pictures on sheets. Those that cannot be read any more stay gray. */
export async function spriteSheets(
  caller: string,
  paths: readonly string[],
  onDone: (count: number) => void,
): Promise<SpriteSheets> {
  const sharp = await loadSharp(caller);
  const cell = cellFor(paths.length);
  const columns = Math.floor(sheetSide / cell);
  const perSheet = columns * columns;
  const pool = makePool(caller, decodePlan(caller, { size: cell }), defaultWorkers());
  const urls: string[] = [];
  try {
    for (let first = 0; first < paths.length; first += perSheet) {
      const names = paths.slice(first, first + perSheet);
      const [width, height] = [columns * cell, Math.ceil(names.length / columns) * cell];
      const pixels = new Uint8Array(width * height * 3).fill(128);
      for (let start = 0; start < names.length; start += columns) {
        const row = names.slice(start, start + columns);
        for (const [i, result] of (await pool(row.map((name) => ({ name })))).entries()) {
          if (isError(result, 'DataError')) continue;
          for (let y = 0; y < cell; y++) {
            const line = result.data.subarray(3 * y * cell, 3 * (y + 1) * cell) as Uint8Array;
            pixels.set(line, 3 * (((start / columns) * cell + y) * width + i * cell));
          }
        }
        onDone(row.length);
      }
      const webp = await sharp(pixels, { raw: { width, height, channels: 3 } })
        .webp({ quality: 72 })
        .toBuffer();
      urls.push(`data:image/webp;base64,${webp.toString('base64')}`);
    }
  } finally {
    await pool.close();
  }
  return { cell, columns, urls };
}
