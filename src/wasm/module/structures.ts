import { layouts } from './layout.generated.js';

/** A structure that kernels take: a class in assembly/. */
export type StructureName = keyof typeof layouts;

/** Every field of a structure: integers, addresses and floats. */
export type Fields<Name extends StructureName> = {
  readonly [Field in keyof (typeof layouts)[Name][1]]: number;
};

/** Writes a structure where the kernels read it. */
export function writeStructure<Name extends StructureName>(
  memory: WebAssembly.Memory,
  address: number,
  name: Name,
  fields: Fields<Name>,
): void {
  const [bytes, places] = layouts[name];
  const view = new DataView(memory.buffer, address, bytes);
  for (const [field, place] of Object.entries(places)) {
    const value = fields[field as keyof Fields<Name>];
    const [offset, type] = [place].flat() as [number, string?];
    if (type === 'f32') view.setFloat32(offset, value, true);
    else if (type === 'f64') view.setFloat64(offset, value, true);
    else view.setInt32(offset, value, true); // addresses beyond 2 GB too: both are taken modulo 2 ** 32
  }
}
