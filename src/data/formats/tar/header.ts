import { numberOf, TarFault, textOf } from './fields.js';
import { type OldSparse, oldSparse } from './sparse.js';

/** The relevant fields of a header block. Owner, mode, and time are ignored. */
export interface TarHeader {
  /** The prefix included. */
  name: string;
  linkname: string;
  /** Bytes that follow. */
  size: number;
  /** The type character; '0' for the zero byte of old archives. */
  type: string;
  /** Map of a sparse file, in the format of older GNU tar. */
  sparse?: OldSparse;
}

/**
 * Reads a header block.
 *
 * @returns `undefined` for a block of zeros.
 * @throws `TarFault` when it is not a header.
 * @see POSIX pax, "ustar Interchange Format"; GNU tar, "Basic Tar Format"
 */
export function parseHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  checkSum(block);
  const magic = textOf(block.subarray(257, 263));
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  // GNU tar stores times where POSIX has the prefix.
  const prefix = magic === 'ustar' ? textOf(block.subarray(345, 500)) : '';
  const name = textOf(block.subarray(0, 100));
  return {
    name: prefix ? `${prefix}/${name}` : name,
    linkname: textOf(block.subarray(157, 257)),
    size: numberOf(block.subarray(124, 136), 'size'),
    type,
    ...(type === 'S' && { sparse: oldSparse(block) }),
  };
}

/** The checksum is of unsigned bytes; some old programs used signed ones. */
function checkSum(block: Uint8Array): void {
  let unsigned = 0;
  let signed = 0;
  for (const [i, byte] of block.entries()) {
    const value = i >= 148 && i < 156 ? 0x20 : byte;
    unsigned += value;
    signed += value < 128 ? value : value - 256;
  }
  const stored = numberOf(block.subarray(148, 156), 'checksum');
  if (stored !== unsigned && stored !== signed) {
    throw new TarFault('with a header whose checksum is wrong: not a tar archive, or damaged');
  }
}
