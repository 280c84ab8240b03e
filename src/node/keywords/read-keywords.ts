import { readFile } from 'node:fs/promises';
import { DataError } from '../../errors/errors.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import { loadSharp } from '../pictures/decode-image.js';
import { keywordsOfIPTC } from './iptc-keywords.js';
import { sidecarNames } from './write-sidecar.js';
import { joinKeywords, keywordsOfXMP } from './xmp-keywords.js';

function unreadable(caller: string, path: string, what: string, cause: unknown): DataError {
  const reason = isSystemError(cause) ? explainSystemError(cause) : (cause as Error).message;
  return new DataError(
    `${caller}: ${what} must be readable. Received: path=${JSON.stringify(path)} (${reason.trim().replaceAll('\n', '; ')}).`,
    path,
    { cause },
  );
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The keywords of a sidecar; `undefined` where there is none. */
async function fromSidecar(caller: string, path: string): Promise<string[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(caller, path, 'the sidecar', error);
  }
  return fromXMP(caller, path, text);
}

async function fromXMP(caller: string, path: string, text: string): Promise<string[]> {
  try {
    return await keywordsOfXMP(caller, text);
  } catch (error) {
    if ((error as Error).name === 'SimCLRError') throw error;
    throw unreadable(caller, path, 'XMP', error);
  }
}

/**
 * The keywords of a picture: those of its sidecar (`cat.jpg.xmp`, otherwise `cat.xmp`) where there is one, otherwise those
 * in the file, XMP (`dc:subject`, `digiKam:TagsList`, `lr:hierarchicalSubject`) and IPTC together. Programs that write
 * sidecars keep the file as it was, so that the sidecar is the newer one.
 *
 * @param picture - A file name or `file:` URL of a picture in any format that sharp reads.
 * @returns Each keyword once; those of hierarchies as `animals/cat`. None where there are none.
 * @throws `DataError` naming the file when picture or sidecar cannot be read, or their XMP is not XML.
 * @throws `SimCLRError` when an optional package (`sharp`, `@xmldom/xmldom`) is not installed.
 * @example
 * const keywords = await readKeywords('cat.jpg'); // such as ['animals/cat', 'garden']
 * @see Metadata Working Group, "Guidelines for handling image metadata" 2.0, section 5.2 (keywords).
 */
export async function readKeywords(picture: FilePath): Promise<string[]> {
  const caller = 'readKeywords';
  const path = toFileName(caller, 'picture', picture);
  const sharp = await loadSharp(caller);
  for (const name of sidecarNames(path)) {
    const found = await fromSidecar(caller, name);
    if (found) return found;
  }
  let blocks: { xmp?: Uint8Array | undefined; iptc?: Uint8Array | undefined };
  try {
    blocks = await sharp(path).metadata();
  } catch (error) {
    throw unreadable(caller, path, 'the picture', error);
  }
  const inXMP = blocks.xmp ? await fromXMP(caller, path, new TextDecoder().decode(blocks.xmp)) : [];
  const flat = blocks.iptc ? keywordsOfIPTC(blocks.iptc) : [];
  const hierarchical = inXMP.filter((keyword) => keyword.includes('/'));
  return joinKeywords([...inXMP.filter((keyword) => !keyword.includes('/')), ...flat], hierarchical);
}
