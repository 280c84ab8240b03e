import { extname } from 'node:path';
import type { SidecarNaming } from 'simclr-ts/node';
import { CommandError, exitCodes } from '../../exit-codes.js';
import type { FolderOptions } from '../vectors/folder-vectors.js';

/** Options of `label`. */
export interface LabelOptions extends FolderOptions {
  names?: string;
  fromFolders?: boolean;
  /** The keywords that are names, separated by commas; true for all. */
  fromKeywords?: string | true;
  next?: number;
  noneShare: number;
  out?: string;
  writeXmp?: boolean;
  write?: boolean;
  minConfidence: number;
  sidecar: SidecarNaming;
}

const tables = ['.csv', '.json', '.parquet'];
const lists = ['.csv', '.json', '.html'];

/** @throws {@link CommandError} before any work, when options do not go together. */
export function checkLabelOptions({ next, out, writeXmp, write }: LabelOptions): void {
  const endings = next === undefined ? tables : lists;
  if (out !== undefined && !endings.includes(extname(out))) {
    throw new CommandError(
      `--out must end with ${endings.join(', ')}${next === undefined ? '' : ' with --next'}. Received: ${JSON.stringify(out)}.`,
      exitCodes.usage,
    );
  }
  if (write && !writeXmp) {
    throw new CommandError('--write needs --write-xmp: which files to write.', exitCodes.usage);
  }
  if (next !== undefined && writeXmp) {
    throw new CommandError(
      '--next says what to name, and --write-xmp writes names: give one of them.',
      exitCodes.usage,
    );
  }
}
