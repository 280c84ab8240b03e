import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consumer, execute, root } from './packed.js';

let packed = '';
let dispose = async () => {};
beforeAll(async () => {
  const made = await consumer();
  packed = join(made.folder, 'node_modules/simclr-ts');
  dispose = made.dispose;
});
afterAll(() => dispose());

/** Names of files below a folder, as links have them. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) =>
    join(parentPath, name)
      .slice(folder.length + 1)
      .replaceAll('\\', '/'),
  );
}

describe('the packed package', () => {
  it('has the guides, complete with their links, and nothing that is generated next to them', async () => {
    const guides = (await filesBelow(join(packed, 'docs'))).filter((name) => name.endsWith('.md'));
    expect(guides).toEqual(expect.arrayContaining(['README.md', 'command-line.md', 'recipes.md']));
    expect(guides.filter((name) => name.startsWith('api/'))).toEqual([]);
    const files = await filesBelow(packed);
    for (const page of ['README.md', ...guides.map((name) => `docs/${name}`)]) {
      const text = await readFile(join(packed, page), 'utf8');
      const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+\.md)(?:#[^)]*)?\)/g)]
        .map(([, target]) => join(dirname(page), target!).replaceAll('\\', '/'))
        .filter((target) => !target.startsWith('examples/')); // these stay in the repository
      expect(files, page).toEqual(expect.arrayContaining(targets));
    }
  });

  it('says in its help where they are, and names none that it does not have', async () => {
    const main = join(packed, 'dist/cli/main.js');
    const { stdout } = await execute('node', [main, '--help'], packed);
    expect(stdout).toContain(`Guides: ${join(packed, 'docs')}\n`);
    const commands = [...stdout.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name!);
    expect(commands).toContain('train');
    for (const command of commands) {
      const help = (await execute('node', [main, command, '--help'], packed)).stdout;
      const named = [...help.matchAll(/docs\/[\w-]+\.md/g)].map(([name]) => name);
      expect(await filesBelow(packed), command).toEqual(expect.arrayContaining(named));
    }
  });
});

describe('npm pack', () => {
  it('refuses to pack without types', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'simclr-ts-untyped-'));
    try {
      await cp(join(root, 'scripts'), join(copy, 'scripts'), { recursive: true });
      await cp(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
      // Without the script that makes the sources ready, which are not here.
      const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
      const { prepare: _, ...scripts } = manifest.scripts;
      await writeFile(join(copy, 'package.json'), JSON.stringify({ ...manifest, scripts }));
      const pack = () => execute('npm', ['pack', '--pack-destination', copy], copy);
      const tarballs = async () => (await readdir(copy)).filter((name) => name.endsWith('.tgz'));
      await pack();
      expect(await tarballs()).toHaveLength(1);
      await rm(join(copy, (await tarballs())[0]!));
      for (const name of ['index.d.ts', 'index.d.cts']) await rm(join(copy, 'dist/losses', name));
      await expect(pack()).rejects.toThrow(
        /2 files .* such as \.\/dist\/losses\/index\.d\.cts\. Run `npm run build`/,
      );
      expect(await tarballs()).toEqual([]);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });
});
