const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** A float32 for a structure whose fields are written as whole numbers. */
export function floatBits(value: number): number {
  float[0] = value;
  return bits[0]!;
}
