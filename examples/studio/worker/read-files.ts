import { unzip } from 'fflate';
import {
  type DroppedFile,
  type LeftAside,
  mostPictures,
  pictureEnding,
  pictureSize,
  type Reading,
} from '../shared/pictures.js';
import { decodePicture } from './decode.js';

const zipEnding = /\.zip$/i;

/** Files that operating systems leave in folders. */
const litter = /(^|\/)(\.[^/]*|__MACOSX\/.*|Thumbs\.db|desktop\.ini)$/i;

/** A larger file in an archive is not a usual picture, or is meant to exhaust memory. */
const largestEntry = 64 * 2 ** 20;

/** A picture before it is decoded. */
interface Candidate {
  path: string;
  contents: Blob;
}

/** A decoded picture. */
export interface ReadPicture {
  name: string;
  group: string;
  pixels: Uint8Array;
}

async function zipEntries({ path, file }: DroppedFile, leftAside: LeftAside[]): Promise<Candidate[]> {
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const filter = ({ name, originalSize }: { name: string; originalSize: number }) =>
      pictureEnding.test(name) && !litter.test(name) && originalSize <= largestEntry;
    const entries = await new Promise<Record<string, Uint8Array>>((resolve, reject) => {
      unzip(bytes, { filter }, (error, result) => (error ? reject(error) : resolve(result)));
    });
    return Object.entries(entries).map(([name, contents]) => ({
      path: name,
      contents: new Blob([contents as Uint8Array<ArrayBuffer>]),
    }));
  } catch {
    leftAside.push({ path, reason: 'is not a zip archive, or is too large for a tab' });
    return [];
  }
}

/** Every k-th of a list, so that no folder is left out. */
function spread<T>(items: T[], limit: number): T[] {
  if (items.length <= limit) return items;
  return Array.from({ length: limit }, (_, i) => items[Math.floor((i * items.length) / limit)]!);
}

/** The folder of a picture; `''` at the top. */
function folderOf(path: string): string {
  return path.split('/').at(-2) ?? '';
}

/**
 * The pictures among dropped files and in dropped archives. Unreadable files are returned with a reason.
 *
 * @param free - Number of pictures that the studio can still take.
 */
export async function readFiles(
  files: DroppedFile[],
  free: number,
  onProgress: (done: number, total: number) => void,
): Promise<{ pictures: ReadPicture[]; reading: Reading }> {
  const leftAside: LeftAside[] = [];
  const found: Candidate[] = [];
  for (const dropped of files) {
    const { path, file } = dropped;
    if (zipEnding.test(path)) found.push(...(await zipEntries(dropped, leftAside)));
    else if (pictureEnding.test(path)) found.push({ path, contents: file });
    else if (!litter.test(path))
      leftAside.push({ path, reason: 'is not a picture (PNG, JPEG, WebP, GIF, BMP, AVIF)' });
  }
  const candidates = spread(found, Math.min(free, mostPictures));
  const pictures: ReadPicture[] = [];
  for (const [index, { path, contents }] of candidates.entries()) {
    try {
      pictures.push({ name: path, group: folderOf(path), pixels: await decodePicture(contents) });
    } catch (error) {
      leftAside.push({ path, reason: (error as Error).message });
    }
    if (index % 16 === 15) onProgress(index + 1, candidates.length);
  }
  onProgress(candidates.length, candidates.length);
  const beyond = found.length - candidates.length;
  return { pictures, reading: { added: pictures.length, leftAside, beyond } };
}

/** Joins pictures into one array, after those of `before`. */
export function joinPictures(before: Uint8Array, pictures: readonly ReadPicture[]): Uint8Array<ArrayBuffer> {
  const length = pictureSize * pictureSize * 3;
  const data = new Uint8Array(before.length + pictures.length * length);
  data.set(before);
  for (const [row, { pixels }] of pictures.entries()) data.set(pixels, before.length + row * length);
  return data;
}
