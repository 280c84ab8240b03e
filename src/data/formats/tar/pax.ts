import { TarFault, textOf } from './fields.js';

/** Keys and values of an extended header, in order: one key may come several times. */
export type PaxRecords = [key: string, value: string][];

/**
 * Reads the contents of an extended header: records of `"%d %s=%s\n", length, key, value`.
 *
 * @throws `TarFault` when the lengths do not fit.
 * @see POSIX pax, "pax Extended Header"
 */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records: PaxRecords = [];
  for (let start = 0; start < bytes.length && bytes[start] !== 0; ) {
    const blank = bytes.indexOf(0x20, start);
    const digits = blank < 0 ? '' : textOf(bytes.subarray(start, blank));
    const end = start + (/^\d{1,9}$/.test(digits) ? Number(digits) : Number.NaN);
    const equals = bytes.indexOf(0x3d, blank);
    if (!(end > equals && end <= bytes.length && equals > blank && bytes[end - 1] === 0x0a)) {
      throw new TarFault('with a damaged extended header');
    }
    records.push([textOf(bytes.subarray(blank + 1, equals)), textOf(bytes.subarray(equals + 1, end - 1))]);
    start = end;
  }
  return records;
}

/** The last value of a key; an empty one cancels earlier ones. */
export function paxValue(records: PaxRecords, key: string): string | undefined {
  return records.filter(([own]) => own === key).at(-1)?.[1] || undefined;
}
