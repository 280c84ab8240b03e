/**
 * Builds the package into dist, unless dist is up to date:
 *
 *     node scripts/build.mjs               with type declarations, as it is published
 *     node scripts/build.mjs --no-types    without them, which takes seconds: for benchmarks and runtimes
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWasm } from './wasm/build.mjs';
import { writeTfjsBinaries } from './wasm/tfjs-binaries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stampFile = join(root, '.cache/build.json');

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** A hash of everything that the build reads. */
function hashOfSources() {
  const settings = ['package.json', 'tsconfig.json', 'tsup.config.ts', 'node_modules/.package-lock.json'];
  const hash = createHash('sha256');
  for (const file of [...settings.map((name) => join(root, name)), ...filesBelow(join(root, 'src'))]) {
    if (existsSync(file)) hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/** Writes declarations of the sources, a file each, for tsup to roll up into those of the entries. */
async function writeDeclarations() {
  const { default: ts } = await import('typescript');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent({ ...config, include: ['src'] }, ts.sys, root);
  const outDir = join(root, '.cache/types');
  rmSync(outDir, { recursive: true, force: true });
  const program = ts.createProgram(fileNames, {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(root, 'src'),
    outDir,
  });
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  if (diagnostics.length === 0) return;
  console.error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost(options)));
  process.exit(1);
}

/** Declarations for `require`: the same, of files that end in .cjs. */
function writeDeclarationsOfCommonJS() {
  for (const file of filesBelow(dist).filter((name) => name.endsWith('.d.ts'))) {
    const text = readFileSync(file, 'utf8').replace(/(['"])(\.\.?\/[^'"]*)\.js\1/g, '$1$2.cjs$1');
    writeFileSync(file.replace(/\.d\.ts$/, '.d.cts'), text);
  }
}

/** Takes the text of generated sources out of the source maps: it is binaries, which the package would hold twice. */
function dropBinariesFromMaps() {
  const isGenerated = (source) => source.endsWith('.generated.ts');
  for (const file of filesBelow(dist).filter((name) => name.endsWith('.map'))) {
    const map = JSON.parse(readFileSync(file, 'utf8'));
    if (!map.sources.some(isGenerated)) continue;
    const sourcesContent = map.sourcesContent.map((text, i) => (isGenerated(map.sources[i]) ? null : text));
    writeFileSync(file, JSON.stringify({ ...map, sourcesContent }));
  }
}

const wantsTypes = !process.argv.includes('--no-types');
await buildWasm(root);
await writeTfjsBinaries(root);
const sources = hashOfSources();
const stamp = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
const isCurrent =
  stamp.sources === sources &&
  (stamp.types || !wantsTypes) &&
  stamp.files.every((file) => existsSync(join(root, file)));
if (isCurrent) {
  console.log('build: dist is up to date');
} else {
  rmSync(dist, { recursive: true, force: true });
  rmSync(stampFile, { force: true });
  if (wantsTypes) await writeDeclarations();
  const tsup = join(root, 'node_modules/tsup/dist/cli-default.js');
  const flags = wantsTypes ? ['--silent'] : ['--silent', '--no-dts'];
  const { status } = spawnSync(process.execPath, [tsup, ...flags], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  dropBinariesFromMaps();
  if (wantsTypes) writeDeclarationsOfCommonJS();
  const files = filesBelow(dist).map((file) => file.slice(root.length));
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ sources, types: wantsTypes, files }));
}
