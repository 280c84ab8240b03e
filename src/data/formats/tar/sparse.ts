import { decimalOf, EntryFault, numberOf } from './fields.js';
import { type PaxRecords, paxValue } from './pax.js';

/** A stored region of a file; the gaps between regions are zeros. */
export interface Region {
  offset: number;
  size: number;
}

/** A sparse file, as GNU tar and others store it. */
export interface SparseMap {
  regions: Region[];
  /** Bytes of the file, holes included. */
  size: number;
}

/** A map that may continue in the blocks after the header. */
export interface OldSparse extends SparseMap {
  goesOn: boolean;
}

/** The map in the header block of an entry of type 'S'. */
export function oldSparse(block: Uint8Array): OldSparse {
  return {
    regions: oldRegions(block.subarray(386, 482)),
    goesOn: block[482] !== 0,
    size: numberOf(block.subarray(483, 495), 'size with its holes'),
  };
}

/** Adds a block after that header. */
export function extendOldSparse(map: OldSparse, block: Uint8Array): void {
  map.regions.push(...oldRegions(block.subarray(0, 504)));
  map.goesOn = block[504] !== 0;
}

function oldRegions(bytes: Uint8Array): Region[] {
  const regions: Region[] = [];
  for (let at = 0; at + 24 <= bytes.length && bytes[at] !== 0; at += 24) {
    regions.push({
      offset: numberOf(bytes.subarray(at, at + 12), 'map of holes'),
      size: numberOf(bytes.subarray(at + 12, at + 24), 'map of holes'),
    });
  }
  return regions;
}

/** Sparse information of an extended header. In version 1 the map precedes the data; see {@link mapInData}. */
export interface PaxSparse {
  name: string | undefined;
  size: number;
  regions: Region[] | 'in front of the data';
}

/** @returns `undefined` if the file is not sparse. */
export function paxSparse(records: PaxRecords): PaxSparse | undefined {
  if (!records.some(([key]) => key.startsWith('GNU.sparse.'))) return undefined;
  const value = (key: string) => paxValue(records, `GNU.sparse.${key}`);
  const version = `${value('major') ?? 0}.${value('minor') ?? 0}`;
  const size = decimalOf(value('realsize') ?? value('size') ?? '', 'size with its holes');
  const name = value('name');
  if (version === '1.0') return { name, size, regions: 'in front of the data' };
  if (!version.startsWith('0.')) throw new EntryFault(`which has holes in the unknown manner ${version}`);
  const map = value('map');
  const numbers =
    map === undefined
      ? records.filter(([key]) => /^GNU\.sparse\.(offset|numbytes)$/.test(key)).map(([, text]) => text)
      : map.split(',');
  return { name, size, regions: pairs(numbers.map((text) => decimalOf(text, 'map of holes'))) };
}

/**
 * The map of version 1: lines of decimal numbers, padded to whole blocks.
 *
 * @param readBlock - The next block of the entry's data.
 */
export async function mapInData(readBlock: () => Promise<Uint8Array>): Promise<Region[]> {
  const numbers: number[] = [];
  let digits = '';
  for (let expected = 1; numbers.length < expected; ) {
    for (const byte of await readBlock()) {
      if (numbers.length === expected) break;
      if (byte !== 0x0a) digits += String.fromCharCode(byte);
      else {
        numbers.push(decimalOf(digits, 'map of holes'));
        digits = '';
        if (numbers.length === 1) expected = 1 + 2 * numbers[0]!;
      }
      if (digits.length > 20) throw new EntryFault('whose map of holes is not a list of numbers');
    }
  }
  return pairs(numbers.slice(1));
}

function pairs(numbers: readonly number[]): Region[] {
  if (numbers.length % 2 !== 0) throw new EntryFault('whose map of holes is damaged');
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({
    offset: numbers[2 * i]!,
    size: numbers[2 * i + 1]!,
  }));
}

/** @throws `EntryFault` unless the regions are in order, lie in the file, and cover all stored data. */
export function checkMap({ regions, size }: SparseMap, stored: number): void {
  let reached = 0;
  let total = 0;
  for (const region of regions) {
    if (region.offset < reached) throw new EntryFault('whose map of holes is damaged');
    reached = region.offset + region.size;
    total += region.size;
  }
  if (reached > size || total !== stored) throw new EntryFault('whose map of holes does not fit its data');
}

/** The file with its holes. */
export function expand({ regions, size }: SparseMap, stored: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(size);
  let from = 0;
  for (const region of regions) {
    bytes.set(stored.subarray(from, from + region.size), region.offset);
    from += region.size;
  }
  return bytes;
}
