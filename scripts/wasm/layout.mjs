/**
 * Reads the facts that TypeScript callers need from the AssemblyScript sources: the number of each kernel, the
 * constants, and the offsets of the fields of each structure. It understands plain declarations only and throws on
 * anything else.
 */

/** Sizes in bytes of AssemblyScript's field types; each is aligned to its size. */
const sizes = { i32: 4, usize: 4, f32: 4, u64: 8, f64: 8 };

/**
 * @param {Readonly<Record<string, string>>} sources - Text of each file, by its name without `.ts`.
 * @returns The kernels' numbers by the names of their functions, the constants by file, and the classes: their size in
 * bytes, and the offset and type of each field.
 */
export function readAssembly(sources) {
  const constants = {};
  const layouts = {};
  for (const [file, text] of Object.entries(sources)) {
    for (const [, name, , value] of text.matchAll(/^(?:export )?const (\w+): (i32|usize) = (.+);$/gm)) {
      const number = Number(value.replaceAll('_', ''));
      if (!Number.isSafeInteger(number))
        throw new Error(`${file}.ts: ${name} is not a plain integer: ${value}`);
      constants[file] = { ...constants[file], [name]: number };
    }
    for (const [, name, body] of text.matchAll(/^@unmanaged\n(?:export )?class (\w+) \{\n(.*?)^\}$/gms)) {
      if (name in layouts) throw new Error(`${file}.ts: there is another class ${name}`);
      layouts[name] = layoutOf(`${file}.ts: ${name}`, body);
    }
  }
  const classes = Object.values(sources).flatMap((text) => text.match(/\bclass \w+ \{/g) ?? []);
  const read = Object.keys(layouts).length;
  if (classes.length !== read) throw new Error(`${classes.length} classes, of which ${read} could be read`);
  return { kinds: readKinds(sources.run ?? ''), constants, layouts };
}

function layoutOf(where, body) {
  const fields = {};
  let end = 0;
  const lines = body.replaceAll(/\/\*\*.*?\*\//gs, '').split('\n');
  for (const line of lines.map((text) => text.trim()).filter((text) => text !== '')) {
    const [, name, type] = /^(\w+)!: (\w+);$/.exec(line) ?? [];
    const size = sizes[type];
    if (size === undefined) throw new Error(`${where}: this is not a field of a known type: ${line}`);
    const offset = Math.ceil(end / size) * size;
    fields[name] = [offset, type];
    end = offset + size;
  }
  return [end, fields]; // as `offsetof` of a class: not rounded up
}

/** The cases of `run`: each calls one kernel. */
function readKinds(run) {
  const kinds = {};
  for (const [, number, name] of run.matchAll(/^ {4}case (\d+):\n {6}(\w+)\(/gm))
    kinds[name] = Number(number);
  const cases = run.match(/\bcase\b/g)?.length ?? 0;
  if (Object.keys(kinds).length !== cases) {
    throw new Error(`run.ts: ${cases} cases, of which ${Object.keys(kinds).length} could be read`);
  }
  return kinds;
}

/** The result of {@link readAssembly} as a TypeScript module. */
export function assemblyModule({ kinds, constants, layouts }) {
  const entries = (values) =>
    Object.entries(values).map(([name, value]) => `  '${name}': ${JSON.stringify(value)},`);
  // The layouts are part of every bundle, so integer fields hold the offset alone.
  const short = ([offset, type]) => (type === 'i32' || type === 'usize' ? offset : [offset, type]);
  const shortFields = (fields) =>
    Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, short(field)]));
  const { Control, ...structures } = Object.fromEntries(
    Object.entries(layouts).map(([name, [bytes, fields]]) => [name, [bytes, shortFields(fields)]]),
  );
  const literal = (values) => ['{', ...entries(values), '} as const;'].join('\n');
  return [
    '/** Numbers of the kernels, by the cases of assembly/run.ts. */',
    `export const kinds = ${literal(kinds)}`,
    '/** Constants of each file in assembly/. */',
    `export const constants = ${literal(constants)}`,
    '/** Size in bytes of what the threads of a pool share. */',
    `export const poolBytes = ${Control?.[0] ?? 0};`,
    '/** Structures of assembly/: their size in bytes, and the offset in bytes of each field, with its type if a float. */',
    `export const layouts = ${literal(structures)}`,
  ].join('\n');
}
