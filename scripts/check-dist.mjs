// npm runs this before it packs: refuses a package without its types or with an entry that is not built.
import { existsSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** All files that a field names, at any depth. */
const filesOf = (field) =>
  typeof field === 'string' ? [field] : Object.values(field ?? {}).flatMap(filesOf);

const { main, module, types, bin, exports: entries } = manifest;
const missing = [...new Set(filesOf({ main, module, types, bin, entries }))]
  .filter((file) => !existsSync(new URL(file, root)))
  .sort();
if (missing.length > 0) {
  console.error(
    `Not packed: ${missing.length} files that package.json names are missing, such as ${missing[0]}. Run \`npm run build\`, ` +
      'which writes the types too.',
  );
  process.exitCode = 1;
}
