import { stat } from 'node:fs/promises';
import { readBytes } from '../files/read-bytes.js';
import { loadSharp } from '../pictures/decode-image.js';

/** What decides which of several pictures to keep. */
export interface PictureFacts {
  /** Width and height in pixels, upright; 0 where the file cannot be read any more. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** Size of the file in bytes. */
  bytes: number;
  /** When it was taken, by its EXIF data, or last changed: an ISO date without a zone. */
  date: string;
}

/**
 * The earliest date in EXIF data: when the picture was taken, before it was edited. Dates are ASCII, 2024:05:01 12:00:00,
 * wherever they stand.
 */
export function exifDate(exif: Uint8Array): string | undefined {
  const text = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength).toString('latin1');
  const dates = [...text.matchAll(/((?:19|20)\d\d):([01]\d):([0-3]\d) ([0-2]\d:[0-5]\d:[0-5]\d)/g)];
  return dates.map(([, year, month, day, time]) => `${year}-${month}-${day}T${time}`).sort()[0];
}

/** A date of the system, in local time, as EXIF has it. */
function localDate(milliseconds: number): string {
  const date = new Date(milliseconds);
  const local = new Date(milliseconds - 60_000 * date.getTimezoneOffset());
  return local.toISOString().slice(0, 19);
}

/** Facts of a picture file. */
export async function pictureFacts(caller: string, path: string): Promise<PictureFacts> {
  const sharp = await loadSharp(caller);
  try {
    const { size, mtimeMs } = await stat(path);
    const { autoOrient, exif } = await sharp(await readBytes(caller, path)).metadata();
    return {
      width: autoOrient.width,
      height: autoOrient.height,
      bytes: size,
      date: (exif && exifDate(exif)) ?? localDate(mtimeMs),
    };
  } catch {
    return { width: 0, height: 0, bytes: 0, date: '' }; // it is gone, or has changed
  }
}

/** Orders pictures by what to keep: the most pixels, then the largest file, then the oldest. */
export function compareByWorth(a: PictureFacts, b: PictureFacts): number {
  return (
    b.width * b.height - a.width * a.height ||
    b.bytes - a.bytes ||
    (a.date < b.date ? -1 : a.date > b.date ? 1 : 0)
  );
}
