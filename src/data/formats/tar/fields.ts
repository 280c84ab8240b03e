/** A fault of an archive, in words that follow its name. */
export class TarFault extends Error {}

/** A fault of one entry, in words that follow the entry's name. */
export class EntryFault extends TarFault {}

/** Text up to the first zero byte: UTF-8, or Latin-1 where it is not, so that different names stay different. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const own = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(own);
  } catch {
    return Array.from(own, (byte) => String.fromCharCode(byte)).join('');
  }
}

/** A number: octal digits between blanks or, if the highest bit is set (GNU tar), big-endian bytes. */
export function numberOf(bytes: Uint8Array, what: string): number {
  const binary = bytes[0] === 0x80 || bytes[0] === 0xff;
  const text = binary ? '' : textOf(bytes).trim();
  if (!binary && !/^[0-7]*$/.test(text)) throw new EntryFault(`whose ${what} is not an octal number`);
  const value = binary
    ? bytes.reduce((total, byte, i) => 256 * total + (i === 0 ? byte & 0x7f : byte), 0)
    : Number.parseInt(text || '0', 8);
  return checkSize(value, what);
}

/** A number of decimal digits. */
export function decimalOf(text: string, what: string): number {
  return checkSize(/^\d+$/.test(text) ? Number(text) : Number.NaN, what);
}

function checkSize(value: number, what: string): number {
  if (!Number.isSafeInteger(value)) throw new EntryFault(`whose ${what} is out of range`);
  return value;
}
