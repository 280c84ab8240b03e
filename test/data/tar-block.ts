/** A tar entry written by hand, for what no archiver would write. */
export function tarEntry(
  name: string,
  content: string | Uint8Array = '',
  options: { type?: string; size?: number; linkname?: string; prefix?: string } = {},
): Uint8Array {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const { type = '0', size = bytes.length, linkname = '', prefix = '' } = options;
  const block = new Uint8Array(512 + Math.ceil(bytes.length / 512) * 512);
  const put = (text: string, offset: number) => block.set(new TextEncoder().encode(text), offset);
  put(name, 0);
  put('0000644\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(`${size.toString(8).padStart(11, '0')}\0`, 124);
  put('00000000000\0', 136);
  put('        ', 148);
  put(type, 156);
  put(linkname, 157);
  put('ustar\0', 257);
  put('00', 263);
  put(prefix, 345);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  block.set(bytes, 512);
  return block;
}

/** Entries and the two zero blocks that end an archive. */
export function tarArchive(...entries: Uint8Array[]): Uint8Array {
  const all = [...entries, new Uint8Array(1024)];
  const whole = new Uint8Array(all.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const entry of all) {
    whole.set(entry, offset);
    offset += entry.length;
  }
  return whole;
}

/** Bytes as a source that gives them in pieces of `pieceBytes`. */
export function bytesSource(name: string, bytes: Uint8Array, pieceBytes = 1000) {
  return {
    name,
    *open() {
      for (let i = 0; i < bytes.length; i += pieceBytes) yield bytes.subarray(i, i + pieceBytes);
    },
  };
}
