/** Fields of a message of Protocol Buffers by number: numbers as they are, texts and messages as bytes. */
export type Fields = Map<number, Array<number | Uint8Array>>;

/** Reads one message, down to its own fields. */
export function fieldsOf(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  let offset = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[offset++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const key = varint();
    const [field, wireType] = [key >> 3, key & 7];
    let value: number | Uint8Array;
    if (wireType === 0) value = varint();
    else {
      const length = wireType === 2 ? varint() : 4;
      value = bytes.subarray(offset, offset + length);
      offset += length;
    }
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

/** The messages of a repeated field. */
export function messages(fields: Fields, field: number): Fields[] {
  return (fields.get(field) ?? []).map((value) => fieldsOf(value as Uint8Array));
}

/** The texts of a repeated field. */
export function texts(fields: Fields, field: number): string[] {
  return (fields.get(field) ?? []).map((value) => new TextDecoder().decode(value as Uint8Array));
}
