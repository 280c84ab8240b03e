import { unzip, unzipSync } from 'fflate';
import {
  type DroppedFile,
  type LeftAside,
  mostPictures,
  type PictureSet,
  pictureEnding,
  type Reading,
  spreadIndices,
} from '../../shared/pictures.js';
import { decodePicture } from './decode.js';
import { PictureRoom, type ReadPicture } from './picture-room.js';

const zipEnding = /\.zip$/i;

/** Files that operating systems leave in folders. */
const litter = /(^|\/)(\.[^/]*|__MACOSX\/.*|Thumbs\.db|desktop\.ini)$/i;

/** A larger file in an archive is not a usual picture, or is meant to exhaust memory. */
const largestEntry = 64 * 2 ** 20;

/** A picture before it is decoded: a file, or an entry of an archive. */
interface Candidate {
  path: string;
  source: Blob | Uint8Array;
  /** Of an entry, unpacked. */
  bytes: number;
}

/** Entries that are unpacked at a time: an archive may hold more than a tab's memory. */
const mostEntries = 256;
const mostBytes = 2 ** 26;

/** Pictures that are decoded at a time. */
const atOnce = 4;

/** The pictures in an archive, not yet unpacked. */
async function zipEntries({ path, file }: DroppedFile, leftAside: LeftAside[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  try {
    const source = new Uint8Array(await file.arrayBuffer());
    unzipSync(source, {
      filter: ({ name, originalSize: bytes }) => {
        if (pictureEnding.test(name) && !litter.test(name) && bytes <= largestEntry) {
          found.push({ path: name, source, bytes });
        }
        return false;
      },
    });
  } catch {
    leftAside.push({ path, reason: 'is not a zip archive, or is too large for a tab' });
  }
  return found;
}

/** What some entries of one archive hold; nothing of those that are damaged. */
async function unpacked(entries: readonly Candidate[]): Promise<Map<string, Blob>> {
  const paths = new Set(entries.map(({ path }) => path));
  try {
    const unpackedEntries = await new Promise<Record<string, Uint8Array>>((resolve, reject) => {
      const { source } = entries[0]!;
      const filter = ({ name }: { name: string }) => paths.has(name);
      unzip(source as Uint8Array, { filter }, (error, result) => (error ? reject(error) : resolve(result)));
    });
    return new Map(
      Object.entries(unpackedEntries).map(([path, bytes]) => [path, new Blob([bytes as BlobPart])]),
    );
  } catch {
    if (entries.length === 1) return new Map();
    // One damaged entry must not cost the others.
    const middle = entries.length >> 1;
    const halves = [await unpacked(entries.slice(0, middle)), await unpacked(entries.slice(middle))];
    return new Map(halves.flatMap((half) => [...half]));
  }
}

/** What the candidates hold, a few at a time; nothing of a damaged entry of an archive. */
async function* contentsOf(
  candidates: readonly Candidate[],
): AsyncGenerator<{ path: string; contents: Blob | undefined }> {
  for (let start = 0, end = 0; start < candidates.length; start = end) {
    const { path, source } = candidates[start]!;
    if (source instanceof Blob) {
      end++;
      yield { path, contents: source };
      continue;
    }
    for (let bytes = 0; end < candidates.length && end - start < mostEntries && bytes < mostBytes; end++) {
      if (candidates[end]!.source !== source) break;
      bytes += candidates[end]!.bytes;
    }
    const entries = candidates.slice(start, end);
    const contents = await unpacked(entries);
    for (const entry of entries) yield { path: entry.path, contents: contents.get(entry.path) };
  }
}

/** The folder of a picture; `''` at the top. */
function folderOf(path: string): string {
  return path.split('/').at(-2) ?? '';
}

async function read(path: string, contents: Blob | undefined): Promise<ReadPicture | LeftAside> {
  try {
    if (contents === undefined) throw new Error('is damaged in its archive');
    return { name: path, group: folderOf(path), pixels: await decodePicture(contents) };
  } catch (error) {
    return { path, reason: (error as Error).message };
  }
}

/**
 * Adds the pictures among dropped files and in dropped archives to those of `before`. Unreadable files are returned with a
 * reason. Pictures beyond {@link mostPictures} are left out, evenly spread.
 */
export async function readFiles(
  files: DroppedFile[],
  before: PictureSet,
  onProgress: (done: number, total: number) => void,
): Promise<{ room: PictureRoom; reading: Reading }> {
  const leftAside: LeftAside[] = [];
  const found: Candidate[] = [];
  for (const dropped of files) {
    const { path, file } = dropped;
    if (zipEnding.test(path)) found.push(...(await zipEntries(dropped, leftAside)));
    else if (pictureEnding.test(path)) found.push({ path, source: file, bytes: file.size });
    else if (!litter.test(path))
      leftAside.push({ path, reason: 'is not a picture (PNG, JPEG, WebP, GIF, BMP, AVIF)' });
  }
  // Evenly spread, so that no folder is left out.
  const candidates = spreadIndices(found.length, mostPictures - before.names.length).map((i) => found[i]!);
  const room = new PictureRoom(before, candidates.length);
  let done = 0;
  const take = (result: ReadPicture | LeftAside) => {
    if ('reason' in result) leftAside.push(result);
    else room.add(result);
    if (++done % 16 === 0) onProgress(done, candidates.length);
  };
  const ahead: Promise<ReadPicture | LeftAside>[] = [];
  for await (const { path, contents } of contentsOf(candidates)) {
    ahead.push(read(path, contents));
    if (ahead.length === atOnce) take(await ahead.shift()!);
  }
  for (const result of ahead) take(await result);
  onProgress(candidates.length, candidates.length);
  return { room, reading: { added: room.added, leftAside, beyond: found.length - candidates.length } };
}
