import { stat } from 'node:fs/promises';
import { writeSidecar } from 'simclr-ts/node';
import { isError } from '../../../errors/is-error.js';
import { sidecarName, sidecarNames } from '../../../node/keywords/write-sidecar.js';
import { isKeyword } from '../../../node/keywords/xmp-keywords.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { counted } from '../table.js';
import type { LabelOptions } from './label-options.js';
import type { LabeledFile } from './name-rows.js';

/** What becomes of sidecars. */
export interface Sidecars {
  /** Whether they were written, or would be. */
  written: boolean;
  sidecars: { path: string; name: string }[];
  /** Pictures that have one already, which stays as it is. */
  there: string[];
  /** Pictures whose name XML cannot hold. */
  unwritable: string[];
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The pictures whose name is written: named by a person, or predicted with enough confidence. */
function isCertain({ name, confidence, source }: LabeledFile, least: number): boolean {
  if (name === null || source === 'keyword') return false; // its keyword is there already
  return source !== 'predicted' || confidence! >= least;
}

/** Writes a sidecar for each certain name, or with `write` left out says which it would write. */
export async function writeSidecars(
  files: readonly LabeledFile[],
  { minConfidence, sidecar: naming, write = false }: LabelOptions,
): Promise<Sidecars> {
  const result: Sidecars = { written: write, sidecars: [], there: [], unwritable: [] };
  const planned = new Set<string>();
  for (const file of files.filter((each) => isCertain(each, minConfidence))) {
    const { path } = file;
    const name = file.name!;
    const target = sidecarName(path, naming);
    const existing = await Promise.all(sidecarNames(path).map(isThere));
    if (existing.includes(true) || planned.has(target)) result.there.push(path);
    else if (!isKeyword(name)) result.unwritable.push(path);
    else {
      if (write) {
        try {
          await writeSidecar(path, [name], { naming });
        } catch (error) {
          if (!isError(error, 'DataError')) throw error;
          const done = counted(result.sidecars.length, 'sidecar');
          throw new CommandError(
            `${error.message.replace(/^\w+: the/, 'The')} ${done} before it ${result.sidecars.length === 1 ? 'was' : 'were'} written, and are whole.`,
            exitCodes.files,
            { cause: error },
          );
        }
      }
      planned.add(target);
      result.sidecars.push({ path: target, name });
    }
  }
  return result;
}

const listedAtMost = 20;

/** What became of sidecars, in words. */
export function describeSidecars({ written, sidecars, there, unwritable }: Sidecars): string {
  const lines = [
    `${written ? 'wrote' : 'would write'} ${counted(sidecars.length, 'sidecar')}${written || sidecars.length === 0 ? '' : '; --write writes them'}`,
    ...sidecars.slice(0, listedAtMost).map(({ path, name }) => `  ${path}: ${name}`),
  ];
  if (sidecars.length > listedAtMost)
    lines.push(`  and ${sidecars.length - listedAtMost} more; --json lists all`);
  if (there.length > 0)
    lines.push(`${counted(there.length, 'picture')} with a sidecar already: it stays as it is`);
  if (unwritable.length > 0) {
    lines.push(`${counted(unwritable.length, 'picture')} with a name that a sidecar cannot hold`);
  }
  return lines.join('\n');
}
