/**
 * Writes the wire format of Protocol Buffers, with the kinds of fields that ONNX and TensorBoard need. Bytes are kept by
 * reference and joined at the end, so that large weights are copied only once.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class Message {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  /** A field with an integer >= 0 or an enumeration. */
  integer(field: number, value: number): this {
    return this.append(varint(field * 8), varint(value));
  }

  /** A field with a float32. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.append(varint(field * 8 + 5), bytes);
  }

  /** A field with a float64. */
  double(field: number, value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return this.append(varint(field * 8 + 1), bytes);
  }

  /** A field with text. */
  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A field with bytes, which must not change before {@link Message.finish}. */
  bytes(field: number, value: Uint8Array): this {
    return this.append(varint(field * 8 + 2), varint(value.length), value);
  }

  /** A field that is a message itself. It must be complete. */
  message(field: number, value: Message): this {
    return this.append(varint(field * 8 + 2), varint(value.length), ...value.parts);
  }

  /** The fields of another message, as if they had been written to this one. */
  fieldsOf(other: Message): this {
    return this.append(...other.parts);
  }

  /** The whole message. */
  finish(): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(this.length);
    let offset = 0;
    for (const part of this.parts) {
      result.set(part, offset);
      offset += part.length;
    }
    return result;
  }

  private append(...parts: Uint8Array[]): this {
    for (const part of parts) {
      this.parts.push(part);
      this.length += part.length;
    }
    return this;
  }
}

/** An integer >= 0 in seven bits per byte, lowest bits first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
