import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { DataError, InvalidOptionError, SimCLRError } from '../errors/errors.js';
import { isError } from '../errors/is-error.js';
import { type ByteSource, concatenateBytes, readChunks } from './byte-source.js';

/** A file in a tar archive. */
export interface TarEntry {
  /** Its path in the archive, without a leading `./`. */
  name: string;
  /** Its contents. */
  bytes: Uint8Array;
}

/** Options of {@link tarEntries}. */
export interface TarEntriesOptions {
  /** Larger files are refused before they fill the memory. In bytes, whole number >= 1; default 2^28 (256 MiB). */
  maxEntryBytes?: number;
}

/** Why a name may not be one of a file in an archive; nothing is written, but what follows may use it as a path. */
function unsafeName(name: string): string | undefined {
  if (name.includes('\0')) return 'with a zero character';
  if (/^([/\\]|[a-z]:)/i.test(name)) return 'an absolute path';
  if (name.split(/[/\\]/).includes('..')) return 'a path that leads out of the archive';
  return undefined;
}

async function loadTarLibrary(caller: string) {
  try {
    return await import('modern-tar');
  } catch (error) {
    throw new SimCLRError(
      `${caller}: the package modern-tar must be there; install it with \`npm install modern-tar\`. Received: ${(error as Error).message}.`,
      { cause: error },
    );
  }
}

/**
 * The files of a tar archive, one after the other as they are read; also of one compressed with gzip.
 *
 * Folders are passed over. Anything else that is no plain file (links, devices) is an error, as is a name that is an
 * absolute path or leads out of the archive.
 *
 * @throws {@link InvalidOptionError} when `maxEntryBytes` is no whole number >= 1 or `source` is none.
 * @throws {@link DataError} naming the archive and what is wrong: not a tar file, damaged, cut off, a file that is too
 *   large, a name or kind of entry that is not allowed.
 * @example
 * const source = { name: url, open: async () => (await fetch(url)).body! };
 * for await (const { name, bytes } of tarEntries(source)) console.log(name, bytes.length);
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
  const { createTarDecoder } = await loadTarLibrary('tarEntries');
  const chunks = readChunks('tarEntries', source);
  const { readable, writable } = createTarDecoder({ strict: true });
  const writer = writable.getWriter();
  const refused = (what: string, cause?: unknown) =>
    new DataError(
      `tarEntries: a whole tar archive of plain files is expected. Received: ${source.name}, ${what}.`,
      source.name,
      { cause },
    );
  let sourceError: unknown;
  const feed = (async () => {
    let bytes = 0;
    try {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        await writer.write(chunk);
      }
      if (bytes === 0) throw refused('an empty file');
      await writer.close();
    } catch (error) {
      if (isError(error, 'SimCLRError')) sourceError = error;
      await writer.abort(error).catch(() => {});
    }
  })();
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const { header, body } = value;
      const name = header.name.replace(/^(\.\/)+/, '');
      const unsafe = unsafeName(name) ?? (header.linkname ? unsafeName(header.linkname) : undefined);
      if (unsafe) throw refused(`with ${JSON.stringify(header.name)}, ${unsafe}`);
      if (header.type === 'directory') {
        await body.cancel();
        continue;
      }
      if (header.type !== 'file') {
        throw refused(`with ${JSON.stringify(header.name)}, which is no plain file (${header.type})`);
      }
      if (header.size > maxEntryBytes) {
        throw refused(
          `with ${JSON.stringify(header.name)} of ${header.size} bytes (at most ${maxEntryBytes})`,
        );
      }
      yield { name, bytes: await readBody(body) };
    }
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    if (isError(error, 'DataError') || isError(error, 'InvalidOptionError')) throw error;
    throw refused((error as Error).message.replace(/\.$/, ''), error);
  } finally {
    await reader.cancel().catch(() => {});
    await writer.abort().catch(() => {});
    await feed;
    await chunks.return();
  }
}

async function readBody(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatenateBytes(parts);
    parts.push(value);
  }
}
