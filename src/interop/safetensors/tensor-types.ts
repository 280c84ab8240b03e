import {
  bfloat16ToFloat32,
  float8E4M3ToFloat32,
  float8E5M2ToFloat32,
  halfToFloat32,
} from './float-formats.js';

/** Types of values in safetensors files that this library reads. */
export type SafetensorsType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'F8_E4M3'
  | 'F8_E5M2'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL';

/** Values in host memory. {@link readSafetensors} says which array holds which type. */
export type StateData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** An array with its shape, as in a state dict. */
export interface StateTensor {
  /** Type of the values in the file. */
  dtype: SafetensorsType;
  /** Size of each axis; `[]` for a single number. */
  shape: readonly number[];
  /** The values, row-major. */
  data: StateData;
}

/** Input of {@link writeSafetensors}: a {@link StateTensor} whose type is optional. */
export type StateTensorInput = Omit<StateTensor, 'dtype'> & {
  /**
   * Type in the file: that of the array, or 'F16' or 'BF16' for a `Float32Array` and 'BOOL' for a `Uint8Array`.
   * @defaultValue the array's own type: 'F32' for a `Float32Array`, and so on
   */
  dtype?: SafetensorsType;
};

type ArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): StateData;
};

interface TypeRecord {
  /** Array type of the values in the file. */
  stored: ArrayConstructor;
  /** Converts types without an equivalent in JavaScript. */
  widen?: (stored: never) => Float32Array;
}

// A Map, so that a type named "constructor" is unknown.
const types = new Map<string, TypeRecord>([
  ['F64', { stored: Float64Array }],
  ['F32', { stored: Float32Array }],
  ['F16', { stored: Uint16Array, widen: halfToFloat32 }],
  ['BF16', { stored: Uint16Array, widen: bfloat16ToFloat32 }],
  ['F8_E4M3', { stored: Uint8Array, widen: float8E4M3ToFloat32 }],
  ['F8_E5M2', { stored: Uint8Array, widen: float8E5M2ToFloat32 }],
  ['I64', { stored: BigInt64Array }],
  ['I32', { stored: Int32Array }],
  ['I16', { stored: Int16Array }],
  ['I8', { stored: Int8Array }],
  ['U64', { stored: BigUint64Array }],
  ['U32', { stored: Uint32Array }],
  ['U16', { stored: Uint16Array }],
  ['U8', { stored: Uint8Array }],
  ['BOOL', { stored: Uint8Array }],
]);

/** Names of all types. */
export const typeNames = [...types.keys()] as SafetensorsType[];

/** Bytes per value in a file; undefined for an unknown type. */
export function bytesPerValue(dtype: string): number | undefined {
  return types.get(dtype)?.stored.BYTES_PER_ELEMENT;
}

/** Decodes values: a view of `bytes` if type and alignment allow, otherwise a copy. */
export function decodeValues(dtype: SafetensorsType, bytes: Uint8Array): StateData {
  const { stored, widen } = types.get(dtype)!;
  const size = stored.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const values = new stored(aligned.buffer, aligned.byteOffset, bytes.length / size);
  return widen === undefined ? values : widen(values as never);
}

/** The type in a file that matches an array; undefined for anything but a typed array of numbers. */
export function typeOfArray(data: StateData): SafetensorsType | undefined {
  const tag = Object.prototype.toString.call(data).slice('[object '.length, -1);
  return typeNames.find((name) => {
    const { stored, widen } = types.get(name)!;
    return widen === undefined && (stored as unknown as { name: string }).name === tag;
  });
}
