import { layouts } from './layout.generated.js';

/** A structure that a kernel takes: a class in assembly/. */
export type StructureName = keyof typeof layouts;

/** Every field of a structure: integers, addresses and floats. */
export type Fields<Name extends StructureName> = {
  readonly [Field in keyof (typeof layouts)[Name][1]]: number;
};

/** Writes a structure to an address in the kernels' memory. */
export function writeStructure<Name extends StructureName>(
  memory: WebAssembly.Memory,
  address: number,
  name: Name,
  fields: Fields<Name>,
): void {
  const [bytes, offsets] = layouts[name];
  const view = new DataView(memory.buffer, address, bytes);
  for (const [field, position] of Object.entries(offsets)) {
    const value = fields[field as keyof Fields<Name>];
    const [offset, type] = [position].flat() as [number, string?];
    if (type === 'f32') view.setFloat32(offset, value, true);
    else if (type === 'f64') view.setFloat64(offset, value, true);
    else view.setInt32(offset, value, true); // works for addresses above 2 GB too, because values are taken modulo 2 ** 32
  }
}
