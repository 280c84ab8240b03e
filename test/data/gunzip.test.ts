import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { readChunks } from '../../src/data/formats/byte-source.js';
import { concatenateBytes } from '../../src/data/formats/bytes.js';
import { gunzip } from '../../src/data/formats/gunzip.js';
import { DataError } from '../../src/errors/index.js';
import { bytesSource } from './tar-block.js';

const encode = (text: string) => new TextEncoder().encode(text);
const zip = (text: string) => new Uint8Array(gzipSync(text));
const zeros = (count: number) => new Uint8Array(count);
const join = (...parts: Uint8Array[]) => concatenateBytes(parts);
const long = Array.from({ length: 2000 }, (_, i) => `${(i * 7919) % 10_007},`).join('');

async function read(bytes: Uint8Array, pieceBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readChunks('test', bytesSource('a.gz', bytes, pieceBytes))) chunks.push(chunk);
  return new TextDecoder().decode(concatenateBytes(chunks));
}

// What Python's gzip.decompress gives, and gzip(1), which stops at zeros, where they agree.
const files: [string, Uint8Array, string][] = [
  ['one member', zip('a'), 'a'],
  ['an empty member', zip(''), ''],
  ['several members', join(zip('a'), zip(''), zip('bc')), 'abc'],
  ['long members', join(zip(long), zip(long)), long + long],
  ['zeros at the end', join(zip('a'), zeros(600)), 'a'],
  ['members, zeros at the end', join(zip(long), zip('b'), zeros(1)), `${long}b`],
  ['zeros between members', join(zip('a'), zeros(3), zip('b'), zeros(512)), 'ab'],
];

const damagedCrc = zip('abc');
damagedCrc[damagedCrc.length - 6]! ^= 1;

// Python: EOFError or BadGzipFile.
const damaged: [string, Uint8Array][] = [
  ['cut off', zip(long).subarray(0, 1000)],
  ['a trailer that is cut off', zip('a').subarray(0, -1)],
  ['a second member that is cut off', join(zip('a'), zip('b').subarray(0, 15))],
  ['a second header that is cut off', join(zip('a'), Uint8Array.of(0x1f, 0x8b, 8, 0))],
  ['half a magic number', join(zip('a'), Uint8Array.of(0x1f))],
  ['bytes after it', join(zip('a'), encode('junk and more'))],
  ['zeros and bytes after it', join(zip('a'), zeros(5), encode('junk'))],
  ['zeros and half a magic number', join(zip('a'), zeros(5), Uint8Array.of(0x1f))],
  ['another checksum', damagedCrc],
];

describe('gzip', () => {
  it.each(files)('of %s is read as Python reads it, whatever the pieces', async (_, bytes, expected) => {
    expect(new TextDecoder().decode(await gunzip('test', bytes))).toBe(expected);
    for (const pieceBytes of [1, 7, 21, 1000, 1e6]) expect(await read(bytes, pieceBytes)).toBe(expected);
  });

  it.each(damaged)('with %s is refused, whatever the pieces', async (_, bytes) => {
    await expect(gunzip('test', bytes)).rejects.toThrow(/^test: bytes must be a whole gzip file.* \(.+\)\.$/);
    for (const pieceBytes of [1, 7, 21, 1000, 1e6]) {
      const error = await read(bytes, pieceBytes).catch((reason) => reason);
      expect(error).toBeInstanceOf(DataError);
      expect(error.path).toBe('a.gz');
      expect(error.message).toMatch(
        /^test: a gzip file must be whole.*a\.gz, which does not decompress \(.+\)\.$/,
      );
    }
  });

  it('closes the source when the loop is left, and passes on its error', async () => {
    let closed = 0;
    const bytes = join(zip(long), zip(long));
    async function* open(fail: boolean) {
      try {
        for (let i = 0; i < bytes.length; i += 1000) {
          yield bytes.subarray(i, i + 1000);
          if (fail) throw new Error('the network is gone');
        }
      } finally {
        closed++;
      }
    }
    for await (const _ of readChunks('test', { name: 'a.gz', open: () => open(false) })) break;
    expect(closed).toBe(1);
    const failing = async () => {
      for await (const _ of readChunks('test', { name: 'a.gz', open: () => open(true) })) {
        // to the end
      }
    };
    await expect(failing()).rejects.toThrow(/a\.gz, which failed \(the network is gone\)/);
    expect(closed).toBe(2);
  });

  it('of one member is read without node:zlib, as in a browser', async () => {
    const missing = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    try {
      expect(new TextDecoder().decode(await gunzip('test', zip(long)))).toBe(long);
      expect(await read(zip(long), 1000)).toBe(long);
      await expect(read(zip(long).subarray(0, 1000), 100)).rejects.toThrow(
        /a\.gz, which does not decompress/,
      );
      const source = {
        name: 'a.gz',
        async *open() {
          yield zip(long).subarray(0, 1000);
          throw new Error('the network is gone');
        },
      };
      const failing = async () => {
        for await (const _ of readChunks('test', source)) {
          // to the end
        }
      };
      await expect(failing()).rejects.toThrow(/a\.gz, which failed \(the network is gone\)/);
      expect(missing).toHaveBeenCalled();
    } finally {
      missing.mockRestore();
    }
  });
});
