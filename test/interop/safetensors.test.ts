import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError, InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import { readSafetensors, type StateTensorInput, writeSafetensors } from '../../src/interop/index.js';
import fixture from '../fixtures/interop/safetensors.json' with { type: 'json' };
import headers from '../fixtures/interop/safetensors-headers.json' with { type: 'json' };

const python = new Uint8Array(Buffer.from(fixture.file.base64, 'base64'));

/** A file with this header, as JSON text or what becomes it, and so many bytes of values. */
function file(header: unknown, dataBytes = 0, claimedLength?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(claimedLength ?? json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** What the reference implementation takes, but that would mean different things to different readers, or nothing here. */
const refusals: Record<string, RegExp> = {
  'dtype F8_E8M0': /"a" must have one of the dtypes .*dtype "F8_E8M0"/,
  'dtype C64': /dtype "C64"/,
  'dtype F4': /dtype "F4"/,
  'dtype F6_E2M3': /dtype "F6_E2M3"/,
  'dtype F6_E3M2': /dtype "F6_E3M2"/,
  duplicate: /keys of the header must differ.*"a" more than once/,
  'duplicate metadata key': /keys of the header must differ.*"x" more than once/,
  'array entry': /"a" must be described by an object/,
  proto: /no key of the header may be "__proto__"/,
  'proto in metadata': /no key of the header may be "__proto__"/,
};

/** What it refuses and JSON.parse cannot tell from what is right. */
const tolerated = ['float shape', 'exp shape', 'negative zero', 'lone surrogate', 'huge zero'];

describe('readSafetensors', () => {
  test.each(headers.cases)(
    '$name: takes what the reference takes, or says why not',
    ({ name, file, refused }) => {
      const read = () => readSafetensors(new Uint8Array(Buffer.from(file, 'base64')));
      if (Object.hasOwn(refusals, name)) expect(read).toThrow(refusals[name]);
      else if (refused === null || tolerated.includes(name)) expect(read().tensors).toBeInstanceOf(Map);
      else expect(read).toThrow(DataError);
    },
  );

  test('reads what the reference implementation writes, all types', () => {
    const { tensors, metadata } = readSafetensors(python);
    expect(metadata).toEqual({ format: 'pt', name: 'Prüfung' });
    const { values, shapes } = fixture.file;
    expect([...tensors.keys()].sort()).toEqual(Object.keys(values).sort());
    for (const [name, { dtype, shape, data }] of tensors) {
      expect(shape, name).toEqual(shapes[name as 'F32']);
      expect(Array.from(data as ArrayLike<number>, Number), name).toEqual(values[name as 'F32']);
      if (name in { scalar: 0, empty: 0 }) continue;
      expect(dtype).toBe(name);
    }
    expect(tensors.get('F64')!.data).toBeInstanceOf(Float64Array);
    expect(tensors.get('BF16')!.data).toBeInstanceOf(Float32Array);
    expect(tensors.get('I64')!.data).toBeInstanceOf(BigInt64Array);
    expect(tensors.get('BOOL')!.data).toBeInstanceOf(Uint8Array);
  });

  test('from an ArrayBuffer, a Buffer and at odd addresses', () => {
    const shifted = new Uint8Array(python.length + 1);
    shifted.set(python, 1);
    const expected = readSafetensors(python);
    expect(readSafetensors(shifted.subarray(1))).toEqual(expected);
    expect(readSafetensors(Buffer.from(python))).toEqual(expected);
    expect(readSafetensors(python.buffer)).toEqual(expected);
  });

  test('does not copy what lies aligned', () => {
    const written = writeSafetensors({ a: { data: Float32Array.of(1, 2), shape: [2] } });
    expect(readSafetensors(written).tensors.get('a')!.data.buffer).toBe(written.buffer);
  });

  test('offsets need not follow the order of names; nothing at all is a file', () => {
    const { tensors } = readSafetensors(file({ b: entry(4, 8), a: entry(0, 4), none: entry(4, 4, [0]) }, 8));
    expect([...tensors.keys()]).toEqual(['b', 'a', 'none']);
    expect(readSafetensors(file('{}   '))).toEqual({ tensors: new Map(), metadata: {} });
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /header's length in 8 bytes\. Received: 0 bytes/],
    ['seven bytes', new Uint8Array(7), /Received: 7 bytes/],
    [
      'a header longer than the file',
      file('{}', 0, 3),
      /end within the file\. Received: a header length of 3/,
    ],
    ['a header length of 2^63', file('{}', 0, 2 ** 63), /not be longer than 100000000 bytes/],
    ['another format', new TextEncoder().encode('PK\u0003\u0004 a zip file'), /is this another format/],
    ['no JSON', file('{"a"'), /must be JSON in UTF-8/],
    ['a NaN in a shape', file('{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,0]}}'), /must be JSON/],
    ['no UTF-8', (() => file('{"?": 1}').fill(0xff, 10, 11))(), /must be JSON in UTF-8/],
    ['a list', file('[]'), /must be a JSON object.*Received: \[\]/],
    ['null', file('null'), /Received: null/],
    [
      'a tensor that is not an object',
      file({ a: [1] }),
      /"a" must be described by an object\. Received: \[1\]/,
    ],
    ['an unknown dtype', file({ a: entry(0, 4, [1], 'F33') }, 4), /one of the dtypes.*Received: dtype "F33"/],
    ['a dtype of the prototype', file({ a: entry(0, 4, [1], 'constructor') }, 4), /dtype "constructor"/],
    ['a dtype that is no text', file({ a: entry(0, 4, [1], 1) }, 4), /Received: dtype 1/],
    ['no dtype', file({ a: { shape: [1], data_offsets: [0, 4] } }, 4), /Received: dtype nothing/],
    ['no shape', file({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /shape of integers/],
    ['a negative size', file({ a: entry(0, 4, [-1, -1]) }, 4), /shape of integers.*\[-1,-1\]/],
    ['half a size', file({ a: entry(0, 6, [1.5]) }, 6), /shape of integers/],
    ['a size of null', file({ a: entry(0, 4, [null]) }, 4), /shape \[null\]/],
    [
      'a size beyond all',
      file('{"a":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}', 4),
      /shape \[null\]/,
    ],
    ['a shape in a shape', file({ a: entry(0, 4, [[1]]) }, 4), /Received: shape an array of 1/],
    ['a shape that overflows', file({ a: entry(0, 4, [2 ** 40, 2 ** 40]) }, 4), /as many bytes as its shape/],
    ['a shape of more', file({ a: entry(0, 4, [2]) }, 4), /shape needs, 8\. Received: shape \[2\].*4 bytes/],
    ['one offset', file({ a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, 4), /data_offsets of two/],
    [
      'an offset that is a text',
      file({ a: { dtype: 'U8', shape: [], data_offsets: ['0', 1] } }, 1),
      /of two/,
    ],
    ['an end before the beginning', file({ a: entry(4, 0, [1]) }, 4), /begin before it ends/],
    ['values beyond the file', file({ a: entry(0, 8) }, 4), /cut off.*4 bytes of values for tensors of 8/],
    ['values left over', file({ a: entry(0, 4) }, 8), /bytes left over/],
    ['an overlap', file({ a: entry(0, 8), b: entry(4, 12) }, 12), /"b" at data_offsets \[4, 12\].*overlaps/],
    ['one place twice', file({ a: entry(0, 4), b: entry(0, 4) }, 4), /"b".*overlaps/],
    ['a hole', file({ a: entry(0, 4), b: entry(8, 12) }, 12), /"b".*leaves a hole.*byte 4 comes next/],
    ['a hole in front', file({ a: entry(4, 8) }, 8), /"a".*leaves a hole/],
    [
      'equal names',
      file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{}}', 1),
      /"a" more than/,
    ],
    [
      'equal keys within',
      file('{"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}', 1),
      /"dtype" more/,
    ],
    [
      'a key __proto__',
      file('{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1),
      /"__proto__"/,
    ],
    [
      'one within',
      file('{"a":{"__proto__":{"dtype":"U8"},"shape":[],"data_offsets":[0,1]}}', 1),
      /"__proto__"/,
    ],
    ['metadata that are no object', file({ __metadata__: 'x' }), /__metadata__ must be an object of strings/],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), /Received: 1 for "a"/],
    ['a long name', file({ ['x'.repeat(10_000)]: 1 }), /^.{0,300}$/],
    ['a deep header', file(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /an array of 1/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(DataError);
    expect(() => readSafetensors(bytes)).toThrow(/^readSafetensors: /);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  test('a text of megabytes in the header is no trouble', () => {
    const long = '\\\\'.repeat(2_000_000);
    expect(() => readSafetensors(file(`{"${long}":{},"a":1}`))).toThrow(DataError);
  });

  test('refuses what are no bytes', () => {
    expect(() => readSafetensors('{}' as never)).toThrow(InvalidOptionError);
  });
});

describe('writeSafetensors', () => {
  test('says when the file would be longer than an array can be', () => {
    // Zeros that are never touched take no memory, and all names share them: 4 TiB.
    const data = new Uint8Array(2 ** 31);
    const tensors = Object.fromEntries(
      Array.from({ length: 2048 }, (_, i) => [`t${i}`, { data, shape: [2 ** 31] }]),
    );
    expect(() => writeSafetensors(tensors)).toThrow(InvalidOptionError);
    expect(() => writeSafetensors(tensors)).toThrow(
      /^writeSafetensors: tensors must fit into one array of bytes; split them into several files\. Received: tensors for a file of 43980\d+ bytes \(.+\)\.$/,
    );
  });

  test('what is written is read, whatever the types and names', () => {
    const arrays: fc.Arbitrary<StateTensorInput> = fc.oneof(
      fc.float32Array().map((data) => ({ data, shape: [data.length] })),
      fc.float64Array().map((data) => ({ data, shape: [1, data.length] })),
      fc.bigInt64Array().map((data) => ({ data, shape: [data.length] })),
      fc.int16Array().map((data) => ({ data, shape: [data.length, 1] })),
      fc.uint8Array().map((data) => ({ data, shape: [data.length] })),
      fc.constant<StateTensorInput>({ data: Uint8Array.of(0, 1), shape: [2], dtype: 'BOOL' }),
    );
    const name = fc
      .string({ unit: 'binary' })
      .filter((text) => !['__proto__', '__metadata__'].includes(text));
    const entries = fc.uniqueArray(fc.tuple(name, arrays), { selector: ([key]) => key });
    fc.assert(
      fc.property(entries, (given) => {
        const { tensors } = readSafetensors(writeSafetensors(new Map(given)));
        expect([...tensors.keys()]).toEqual(given.map(([key]) => key));
        for (const [key, { data, shape, dtype }] of given) {
          const read = tensors.get(key)!;
          expect(read.data).toEqual(data);
          expect(read.shape).toEqual(shape);
          if (dtype !== undefined) expect(read.dtype).toBe(dtype);
        }
      }),
    );
  });

  test('rounds to F16 and BF16 where asked to', () => {
    const data = Float32Array.of(0.1, -2);
    const { tensors } = readSafetensors(
      writeSafetensors({
        half: { data, shape: [2], dtype: 'F16' },
        brain: { data, shape: [2], dtype: 'BF16' },
      }),
    );
    expect(tensors.get('half')).toEqual({
      dtype: 'F16',
      shape: [2],
      data: Float32Array.of(0.0999755859375, -2),
    });
    expect(tensors.get('brain')).toEqual({
      dtype: 'BF16',
      shape: [2],
      data: Float32Array.of(0.10009765625, -2),
    });
  });

  test('values begin at multiples of eight bytes, metadata are kept', () => {
    const bytes = writeSafetensors(
      { odd: { data: Uint8Array.of(1, 2, 3), shape: [3] }, wide: { data: Float64Array.of(1), shape: [] } },
      { metadata: { epoch: '7' } },
    );
    const { tensors, metadata } = readSafetensors(bytes);
    expect(metadata).toEqual({ epoch: '7' });
    expect(tensors.get('wide')!.data.byteOffset % 8).toBe(0);
    expect(tensors.get('wide')!.data.buffer).toBe(bytes.buffer);
  });

  test('refuses shapes that do not fit, names that are taken, types that are none', () => {
    const data = Float32Array.of(1, 2);
    expect(() => writeSafetensors({ a: { data, shape: [3] } })).toThrow(ShapeError);
    expect(() => writeSafetensors({ a: { data, shape: [3] } })).toThrow(
      'writeSafetensors: "a" must have as many values as its shape says. Received: shape [3], 2 values.',
    );
    expect(() => writeSafetensors({ a: { data, shape: [Number.NaN] } })).toThrow(ShapeError);
    expect(() => writeSafetensors({ __metadata__: { data, shape: [2] } })).toThrow(InvalidOptionError);
    expect(() => writeSafetensors(new Map([['__proto__', { data, shape: [2] }]]))).toThrow(
      /name must be a string/,
    );
    expect(() => writeSafetensors({ a: { data, shape: [2], dtype: 'I32' } })).toThrow(
      'writeSafetensors: "a" must be a typed array; this one can be written as F32, F16, BF16. Received: dtype=I32, an array of F32.',
    );
    expect(() => writeSafetensors({ a: { data: [1, 2] as never, shape: [2] } })).toThrow(
      /must be a typed array/,
    );
    expect(() => writeSafetensors(null as never)).toThrow(/tensors must be a Map or an object/);
    expect(() => writeSafetensors({}, { metadata: { a: 1 as never } })).toThrow(
      /metadata must be an object of strings/,
    );
  });
});
