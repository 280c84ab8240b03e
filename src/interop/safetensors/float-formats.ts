// Conversions between short floating-point formats and float32. Widening is exact; narrowing rounds to nearest, ties to even,
// as in IEEE 754 and PyTorch.

/** Widens IEEE half precision (1 sign, 5 exponent, 10 fraction bits). */
export function halfToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const result = new Float32Array(halves.length);
  const bits = new Uint32Array(result.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = (half & 0x8000) << 16;
    const magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) bits[i] = sign | 0x7f800000 | (magnitude << 13);
    else if (magnitude >= 0x0400) bits[i] = sign | ((magnitude << 13) + 0x38000000);
    else result[i] = (sign === 0 ? 1 : -1) * magnitude * 2 ** -24;
  }
  return result;
}

/** Widens bfloat16, the upper half of a float32. */
export function bfloat16ToFloat32(values: Uint16Array): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  const bits = new Uint32Array(result.buffer);
  for (let i = 0; i < values.length; i++) bits[i] = values[i]! << 16;
  return result;
}

/** Widens the 8-bit format with 5 exponent bits: the upper half of a half-precision number. */
export function float8E5M2ToFloat32(values: Uint8Array): Float32Array<ArrayBuffer> {
  return halfToFloat32(Uint16Array.from(values, (value) => value << 8));
}

/** Widens the 8-bit format with 4 exponent bits and no infinity. */
export function float8E4M3ToFloat32(values: Uint8Array): Float32Array<ArrayBuffer> {
  const table = Float32Array.from({ length: 256 }, (_, value) => {
    const sign = value < 128 ? 1 : -1;
    const [exponent, fraction] = [(value >> 3) & 15, value & 7];
    if (exponent === 15 && fraction === 7) return Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -9 : (8 + fraction) * 2 ** (exponent - 10));
  });
  return Float32Array.from(values, (value) => table[value]!);
}

/** Rounds to half precision. Values that are too large become infinite. */
export function float32ToHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = bits[i]! & 0x7fffffff;
    if (magnitude > 0x7f800000) result[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) result[i] = sign | 0x7c00;
    else if (magnitude < 0x38800000) result[i] = sign | roundToEven(Math.abs(values[i]!) * 2 ** 24);
    else result[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13);
  }
  return result;
}

/** Rounds to bfloat16. */
export function float32ToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = bits[i]!;
    const isNumber = (value & 0x7fffffff) <= 0x7f800000;
    result[i] = isNumber ? (value + 0x7fff + ((value >>> 16) & 1)) >>> 16 : (value >>> 16) | 0x40;
  }
  return result;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
