import { extname } from 'node:path';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, describeValue } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import { createFile } from '../files/write-durably.js';
import { isKeyword, xmpOfKeywords } from './xmp-keywords.js';

/** Options of {@link writeSidecar}. */
export interface WriteSidecarOptions {
  /**
   * How the sidecar of `cat.jpg` is called. `'append'`: `cat.jpg.xmp`, as digiKam, darktable and immich expect it.
   * `'replace'`: `cat.xmp`, as Lightroom expects it beside raw files; immich reads it, too.
   * @defaultValue `'append'`
   */
  naming?: SidecarNaming;
}

/** How sidecars are called: see {@link WriteSidecarOptions}. */
export type SidecarNaming = 'append' | 'replace';

/** The name of a picture's sidecar. */
export function sidecarName(path: string, naming: SidecarNaming): string {
  return naming === 'append' ? `${path}.xmp` : `${path.slice(0, path.length - extname(path).length)}.xmp`;
}

/** The names that a picture's sidecar may have, the more precise one first. */
export function sidecarNames(path: string): string[] {
  return [sidecarName(path, 'append'), sidecarName(path, 'replace')];
}

/**
 * Writes keywords into a new XMP sidecar beside a picture, for digiKam, immich, and Lightroom. The picture is not touched.
 * A sidecar that is there is never changed: it may hold edits and ratings of other programs.
 *
 * @param picture - A file name or `file:` URL; the picture itself is not read.
 * @param keywords - At least one. `animals/cat` is the keyword cat below animals, in every script.
 * @param options - See {@link WriteSidecarOptions}.
 * @returns The name of the sidecar, which is on the disk when the promise is fulfilled.
 * @throws `DataError` naming the sidecar when there is one already, or it cannot be written, as on a read-only or full disk.
 * @throws `InvalidOptionError` when a keyword is empty or has characters that XML cannot hold, or an option is unknown.
 * @example
 * await writeSidecar('cat.jpg', ['animals/cat']); // 'cat.jpg.xmp'
 */
export async function writeSidecar(
  picture: FilePath,
  keywords: readonly string[],
  options: WriteSidecarOptions = {},
): Promise<string> {
  const caller = 'writeSidecar';
  checkKeys(caller, options, { naming: 1 });
  const { naming = 'append' } = options;
  checkChoice(caller, 'naming', naming, ['append', 'replace']);
  if (!Array.isArray(keywords) || keywords.length === 0 || !keywords.every(isKeyword)) {
    throw new InvalidOptionError(
      `${caller}: keywords must be at least one text without empty parts and control characters. Received: keywords=${describeValue(keywords)}.`,
    );
  }
  const path = sidecarName(toFileName(caller, 'picture', picture), naming);
  try {
    await createFile(path, xmpOfKeywords(keywords));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const reason =
      error.code === 'EEXIST' ? 'it is there already, and stays as it is' : explainSystemError(error);
    throw new DataError(
      `${caller}: the sidecar must be a new file that can be written. Received: path=${JSON.stringify(path)} (${reason}).`,
      path,
      { cause: error },
    );
  }
  return path;
}
