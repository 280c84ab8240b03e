import { layouts } from './layout.generated.js';

/** A structure that a kernel takes: a class in assembly/. */
export type StructureName = keyof typeof layouts;

/** Every field of a structure: integers, addresses and floats. */
export type Fields<Name extends StructureName> = {
  readonly [Field in keyof (typeof layouts)[Name][1]]: number;
};

type Field = readonly [name: string, offset: number, type: string | undefined];

/** The fields of each structure that was written, and a view of each memory: a training step writes hundreds of structures. */
const fieldsOf = new Map<StructureName, readonly Field[]>();
const views = new WeakMap<WebAssembly.Memory, DataView>();

function listFields(name: StructureName): readonly Field[] {
  const list = Object.entries(layouts[name][1]).map(([field, position]): Field => {
    const [offset, type] = [position].flat() as [number, string?];
    return [field, offset, type];
  });
  fieldsOf.set(name, list);
  return list;
}

/** A view of all of a memory, which is another one after it has grown. */
function viewOf(memory: WebAssembly.Memory): DataView {
  const present = views.get(memory);
  if (present?.buffer === memory.buffer) return present;
  const view = new DataView(memory.buffer);
  views.set(memory, view);
  return view;
}

/** Writes a structure to an address in the kernels' memory. */
export function writeStructure<Name extends StructureName>(
  memory: WebAssembly.Memory,
  address: number,
  name: Name,
  fields: Fields<Name>,
): void {
  const view = viewOf(memory);
  for (const [field, offset, type] of fieldsOf.get(name) ?? listFields(name)) {
    const value = fields[field as keyof Fields<Name>];
    const at = address + offset;
    if (type === 'f32') view.setFloat32(at, value, true);
    else if (type === 'f64') view.setFloat64(at, value, true);
    else view.setInt32(at, value, true); // works for addresses above 2 GB too, because values are taken modulo 2 ** 32
  }
}
