import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { constants, kinds } from '../../src/wasm/module/layout.generated.js';
import { temporaryFolder } from '../node/temporary.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

type Layouts = Record<
  string,
  readonly [bytes: number, Record<string, readonly [offset: number, type: string]>]
>;

/** A module of the build, which has no types. */
const script = (name: string) => import(join(root, 'scripts/wasm', name));
const { readAssembly } = (await script('layout.mjs')) as {
  readAssembly(sources: Record<string, string>): {
    kinds: Record<string, number>;
    constants: Record<string, Record<string, number>>;
    layouts: Layouts;
  };
};
const { buildWasm } = (await script('build.mjs')) as {
  buildWasm(root: string, compiler?: string): Promise<boolean>;
};

describe('what callers know of the compiled kernels', () => {
  it('is where the compiler puts each field, and the values of its constants', async () => {
    const asc = (await import('assemblyscript/asc')).default;
    const files = await readdir(join(root, 'src/wasm/assembly'), { recursive: true });
    const texts = await Promise.all(
      files
        .filter((file) => file.endsWith('.ts'))
        .map(async (file) => [file, await readFile(join(root, 'src/wasm/assembly', file), 'utf8')] as const),
    );
    const { layouts } = readAssembly(
      Object.fromEntries(texts.map(([file, text]) => [basename(file, '.ts'), text])),
    );
    const classes = Object.entries(layouts);
    // Everything in one file, exported, and a function for each number that was read.
    const asked: [name: string, expression: string, expected: number][] = [];
    for (const [name, [bytes, fields]] of classes) {
      asked.push([`bytes_of_${name}`, `<i32>offsetof<${name}>()`, bytes]);
      for (const [field, [offset]] of Object.entries(fields)) {
        asked.push([`${name}_${field}`, `<i32>offsetof<${name}>('${field}')`, offset]);
      }
    }
    for (const [file, values] of Object.entries(constants)) {
      for (const [name, value] of Object.entries(values)) {
        const alias = `${file.replaceAll('-', '_')}_${name}`;
        asked.push([`constant_${alias}`, `<i32>${alias}`, value]);
      }
    }
    const everything = (text: string) => text.replaceAll(/^(?=(?:class|const) )/gm, 'export ');
    const pathOf = (file: string) =>
      texts.find(([path]) => basename(path, '.ts') === file)![0].replace('.ts', '');
    const imports = [
      ...classes.map(([name]) => {
        const [file] = texts.find(([, text]) => text.includes(`class ${name} {`))!;
        return `import { ${name} } from './${file.replace('.ts', '')}';`;
      }),
      ...Object.entries(constants).flatMap(([file, values]) =>
        Object.keys(values).map(
          (name) => `import { ${name} as ${file.replaceAll('-', '_')}_${name} } from './${pathOf(file)}';`,
        ),
      ),
    ];
    const functions = asked.map(
      ([name, expression]) => `export function ${name}(): i32 { return ${expression}; }`,
    );
    const sources = new Map<string, string>([
      ...texts.map(([file, text]) => [file, everything(text)] as const),
      ['asks.ts', [...imports, ...functions].join('\n')],
    ]);
    let binary: Uint8Array<ArrayBuffer> | undefined;
    const { error, stderr } = await asc.main(
      [
        'asks.ts',
        '-o',
        'asks.wasm',
        '--runtime',
        'stub',
        '--enable',
        'simd',
        '--enable',
        'threads',
        '--use',
        'WIDE=0',
      ],
      {
        readFile: (name) => sources.get(name) ?? null,
        writeFile: (name, contents) => {
          if (name === 'asks.wasm') binary = Uint8Array.from(contents as Uint8Array);
        },
        listFiles: () => [],
      },
    );
    expect(error, String(stderr)).toBeNull();
    const environment = { env: { abort: () => {} } };
    const { instance } = await WebAssembly.instantiate(binary!, environment);
    for (const [name, , expected] of asked) {
      expect((instance.exports[name] as () => number)(), name).toBe(expected);
    }
    expect(asked.length).toBeGreaterThan(150);
  }, 60_000);

  it('is the number of every kernel, each once', () => {
    expect(Object.values(kinds)).toEqual(Object.keys(kinds).map((_, number) => number));
    expect(Object.keys(kinds)).toHaveLength(45);
  });

  it.each<[what: string, source: string, reason: RegExp]>([
    [
      'a field of another type',
      '@unmanaged\nclass A {\n  x!: i16;\n}\n',
      /A: this is not a field of a known type: x!: i16;/,
    ],
    ['a field with a value', '@unmanaged\nclass A {\n  x: i32 = 1;\n}\n', /not a field of a known type/],
    [
      'a class that is written otherwise',
      'class A {\n  x!: i32;\n}\n',
      /1 classes, of which 0 could be read/,
    ],
    ['a constant that is computed', 'const a: i32 = 2 * 3;\n', /a is not a plain integer: 2 \* 3/],
  ])('is not made of %s: that is an error', (_, source, reason) => {
    expect(() => readAssembly({ file: source })).toThrow(reason);
  });

  it('has one class of a name, and no case of run that is passed over', () => {
    const one = '@unmanaged\nclass A {\n  x!: i32;\n  /** Wide: {@link x} */\n  y!: f64;\n}\n';
    expect(readAssembly({ a: one }).layouts).toEqual({ A: [16, { x: [0, 'i32'], y: [8, 'f64'] }] });
    expect(() => readAssembly({ a: one, b: one })).toThrow(/b\.ts: there is another class A/);
    expect(() => readAssembly({ run: '    case 0: first();\n' })).toThrow(
      /1 cases, of which 0 could be read/,
    );
  });
});

describe('the build of the kernels', () => {
  it('is repeated when a source or the compiler is another, and not because of dates', async () => {
    const folder = temporaryFolder();
    const sources = join(folder, 'src/wasm/assembly');
    await mkdir(sources, { recursive: true });
    await mkdir(join(folder, 'src/wasm/module'));
    const index = join(sources, 'index.ts');
    await writeFile(index, 'export function run(): i32 { return 1; }\n');
    const binaries = () => readFile(join(folder, 'src/wasm/module/binaries.generated.ts'), 'utf8');

    expect(await buildWasm(folder, 'compiler 1')).toBe(true);
    const first = await binaries();
    await utimes(index, new Date(), new Date(Date.now() + 3_600_000));
    expect(await buildWasm(folder, 'compiler 1')).toBe(false);
    expect(await buildWasm(folder, 'compiler 2')).toBe(true);
    expect(await binaries()).toContain('with compiler 2');

    // Older than what was built from what it replaces, as a file from an archive is.
    await writeFile(index, 'export function run(): i32 { return 2; }\n');
    await utimes(index, new Date(0), new Date(0));
    expect(await buildWasm(folder, 'compiler 2')).toBe(true);
    expect((await binaries()).split('\n')[1]).not.toBe(first.split('\n')[1]);
  }, 60_000);
});
