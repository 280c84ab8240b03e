import { checkKeys } from '../../../errors/check-keys.js';
import { checkInteger } from '../../../errors/checks.js';
import { DataError } from '../../../errors/errors.js';
import { ByteReader, type ByteSource, readChunks } from '../byte-source.js';
import { EntryFault, TarFault, textOf } from './fields.js';
import { parseHeader, type TarHeader } from './header.js';
import { type PaxRecords, parsePax, paxValue } from './pax.js';
import { checkMap, expand, extendOldSparse, mapInData, paxSparse, type SparseMap } from './sparse.js';

/** A file in a tar archive. */
export interface TarEntry {
  /** The path in the archive, without a leading `./`. */
  name: string;
  /** Its contents. */
  bytes: Uint8Array;
}

/** Options of {@link tarEntries}. */
export interface TarEntriesOptions {
  /**
   * Maximum size of a file in bytes, so that a large one cannot exhaust memory. Integer >= 1.
   *
   * @defaultValue 2^28 (256 MiB)
   */
  maxEntryBytes?: number;
}

const blockBytes = 512;

/** Largest name or extended header, which is read at once. */
const maximumMetaBytes = 2 ** 23;

/** Kinds of entries that are not files, by type. */
const otherKinds: Record<string, string> = {
  1: 'link',
  2: 'symlink',
  3: 'character-device',
  4: 'block-device',
  6: 'fifo',
  M: 'the rest of a file that began in another volume',
};

/** Values of global extended headers, which apply to all following entries. */
const globalKeys = new Set(['path', 'linkpath', 'size']);

/** Reads blocks, and reports where an archive is cut off. */
class BlockReader {
  constructor(private readonly reader: ByteReader) {}

  /** The next block; `undefined` at the end of the archive. */
  async header(): Promise<Uint8Array | undefined> {
    const block = await this.reader.read(blockBytes);
    if (block.length === 0) return undefined;
    if (block.length < blockBytes) throw new TarFault('truncated within a header');
    return block;
  }

  /** The next `size` bytes, without the padding of their last block. */
  async data(size: number, what: string): Promise<Uint8Array> {
    const bytes = await this.reader.read(size);
    const isWhole = bytes.length === size && (await this.reader.skip(-size & (blockBytes - 1)));
    if (!isWhole) throw new TarFault(`truncated within ${what}`);
    return bytes;
  }

  async skip(size: number, what: string): Promise<void> {
    const isWhole = await this.reader.skip(size + (-size & (blockBytes - 1)));
    if (!isWhole) throw new TarFault(`truncated within ${what}`);
  }

  /** @throws `TarFault` unless nothing but zeros is left. */
  async end(): Promise<void> {
    for (let bytes = await this.reader.read(blockBytes); bytes.length > 0; ) {
      if (bytes.some((byte) => byte !== 0)) {
        throw new TarFault('which continues after its end (two archives in one?)');
      }
      bytes = await this.reader.read(blockBytes);
    }
  }
}

/** An entry, with its extended headers and long names applied. */
interface Entry extends TarHeader {
  pax: PaxRecords;
}

/** The next entry that is not metadata of another. */
async function nextEntry(blocks: BlockReader, globals: Map<string, string>): Promise<Entry | undefined> {
  let own: PaxRecords = [];
  const long: { name?: string; linkname?: string } = {};
  for (;;) {
    const block = await blocks.header();
    if (block === undefined) {
      throw new TarFault('truncated: the blocks of zeros that end an archive are missing');
    }
    const header = parseHeader(block);
    if (header === undefined) return undefined;
    const { type, size } = header;
    if (!'LKxXg'.includes(type)) {
      const pax = [...globals, ...own];
      const name = paxValue(pax, 'path') ?? long.name ?? header.name;
      const linkname = paxValue(pax, 'linkpath') ?? long.linkname ?? header.linkname;
      const paxSize = paxValue(pax, 'size');
      if (paxSize !== undefined && !/^\d{1,15}$/.test(paxSize))
        throw new EntryFault('whose size is not a number');
      return { ...header, name, linkname, size: paxSize === undefined ? size : Number(paxSize), pax };
    }
    if (size > maximumMetaBytes) throw new TarFault(`with a name or an extended header of ${size} bytes`);
    const data = await blocks.data(size, 'an extended header');
    if (type === 'L') long.name = textOf(data);
    else if (type === 'K') long.linkname = textOf(data);
    else if (type !== 'g') own = parsePax(data);
    else for (const [key, value] of parsePax(data)) if (globalKeys.has(key)) globals.set(key, value);
  }
}

/** Why a name is refused: nothing is written here, but a caller may use it as a path. */
function unsafeName(name: string): string | undefined {
  if (name.includes('\0')) return 'with a zero character';
  if (/^([/\\]|[a-z]:)/i.test(name)) return 'an absolute path';
  if (name.split(/[/\\]/).includes('..')) return 'a path that leads out of the archive';
  return undefined;
}

/** Reads the contents of a file, holes included. */
async function contents(
  blocks: BlockReader,
  entry: Entry,
  what: string,
  checkBytes: (bytes: number) => void,
): Promise<Uint8Array> {
  checkBytes(entry.size);
  let stored = entry.size;
  let map: SparseMap | undefined;
  if (entry.sparse) {
    for (map = entry.sparse; entry.sparse.goesOn; )
      extendOldSparse(entry.sparse, await blocks.data(blockBytes, what));
  } else {
    const sparse = paxSparse(entry.pax);
    if (sparse?.regions === 'in front of the data') {
      const regions = await mapInData(async () => {
        stored -= blockBytes;
        if (stored < 0) throw new EntryFault('whose map of holes does not end');
        return blocks.data(blockBytes, what);
      });
      map = { regions, size: sparse.size };
    } else if (sparse) map = { regions: sparse.regions, size: sparse.size };
  }
  if (map) {
    checkBytes(map.size);
    checkMap(map, stored);
  }
  const bytes = await blocks.data(stored, what);
  return map ? expand(map, bytes) : bytes;
}

/**
 * Reads the files of a tar archive in order, compressed with gzip or not.
 *
 * It reads archives of GNU tar, POSIX (pax, ustar) and older programs, with long names and sparse files. It skips folders
 * and volume labels, and ignores owners, modes and times. Anything else that is not a plain file (links, devices) is an
 * error, and so is a name that is an absolute path or leads out of the archive.
 *
 * @throws {@link InvalidOptionError} when `maxEntryBytes` is not an integer >= 1 or `source` is not a source.
 * @throws {@link DataError} naming the archive and what is wrong: not a tar file, damaged, cut off, continuing after its
 *   end, a file that is too large, a name or kind of entry that is not allowed.
 * @example
 * const source = { name: url, open: async () => (await fetch(url)).body! };
 * for await (const { name, bytes } of tarEntries(source)) console.log(name, bytes.length);
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 * @see https://www.gnu.org/software/tar/manual/html_section/Formats.html
 */
export function tarEntries(
  source: ByteSource,
  options: TarEntriesOptions = {},
): AsyncGenerator<TarEntry, void, undefined> {
  checkKeys('tarEntries', options, { maxEntryBytes: 1 });
  const { maxEntryBytes = 2 ** 28 } = options;
  checkInteger('tarEntries', 'maxEntryBytes', maxEntryBytes);
  return entriesOf(source, maxEntryBytes);
}

async function* entriesOf(
  source: ByteSource,
  maxEntryBytes: number,
): AsyncGenerator<TarEntry, void, undefined> {
  const chunks = readChunks('tarEntries', source);
  const reader = new ByteReader(chunks);
  const blocks = new BlockReader(reader);
  const globals = new Map<string, string>();
  let what = '';
  try {
    if (await reader.isAtEnd()) throw new TarFault('an empty file');
    for (;;) {
      what = 'a header';
      const entry = await nextEntry(blocks, globals);
      if (entry === undefined) break;
      const { type, linkname, size } = entry;
      const full = paxValue(entry.pax, 'GNU.sparse.name') ?? entry.name;
      const name = full.replace(/^(\.\/)+/, '');
      what = JSON.stringify(full);
      const unsafe = unsafeName(name) ?? (linkname ? unsafeName(linkname) : undefined);
      if (unsafe) throw new EntryFault(unsafe);
      const isFile = '07S'.includes(type);
      if ('5DV'.includes(type) || (isFile && name.endsWith('/'))) {
        // A folder has no data, whatever its size says; a list of its files or a label may have some.
        if (type !== '5') await blocks.skip(size, what);
        continue;
      }
      if (!isFile) {
        const kind = otherKinds[type] ?? `unknown type ${JSON.stringify(type)}`;
        throw new EntryFault(`which is not a plain file (${kind})`);
      }
      const bytes = await contents(blocks, entry, what, (count) => {
        if (count > maxEntryBytes)
          throw new EntryFault(`which has ${count} bytes (at most ${maxEntryBytes})`);
      });
      yield { name, bytes };
    }
    await blocks.end();
  } catch (error) {
    if (!(error instanceof TarFault)) throw error;
    const fault = error instanceof EntryFault ? `with ${what}, ${error.message}` : error.message;
    throw new DataError(
      `tarEntries: a whole tar archive of plain files is expected. Received: ${source.name}, ${fault}.`,
      source.name,
      { cause: error },
    );
  } finally {
    await chunks.return();
  }
}
