/**
 * Runs a command on a Node other than the installed one, which npm has as a package.
 *
 *     node scripts/with-node.mjs latest vitest run --project wasm
 *     node scripts/with-node.mjs 24 npm test
 *     node scripts/with-node.mjs latest --unless 24,26 vitest run --project wasm
 *
 * The first argument is a version, a range or a tag of the package `node-<platform>-<arch>`. The package stays in `.cache`,
 * which git ignores. The script fails when npm cannot install it, so that a missing Node never looks like a passed test;
 * with `SIMCLR_LEAVE_OUT_OTHER_NODE=1` it prints that it was skipped and succeeds. With `--unless` it does so where the
 * version is of one of these releases.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [requested, ...words] = process.argv.slice(2);
const excluded = words[0] === '--unless' ? words.splice(0, 2)[1]?.split(',') : [];
const [command, ...args] = words;
if (command === undefined || !/^[\w.^~<>=-]+$/.test(requested)) {
  console.error(
    'with-node: usage: node scripts/with-node.mjs VERSION [--unless RELEASES] COMMAND [ARGUMENT...]',
  );
  process.exit(2);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const shell = process.platform === 'win32'; // npm and the commands of packages are scripts there
const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
if (excluded.length > 0) {
  const view = spawnSync('npm', ['view', `${name}@${requested}`, 'version'], { encoding: 'utf8', shell });
  const release = view.stdout.trim().split('.')[0];
  if (excluded.includes(release)) {
    console.log(`with-node: left out: ${requested} is Node ${release}, which has a lane of its own.`);
    process.exit(0);
  }
}
const folder = join(root, '.cache', `node-${requested.replace(/[^\w.-]/g, '_')}`);
mkdirSync(folder, { recursive: true });
// Without a package.json of its own here, npm would write to the library's.
writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
const install = [
  'install',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--prefix',
  folder,
  `${name}@${requested}`,
];
const { status: installed, stderr } = spawnSync('npm', install, { cwd: folder, encoding: 'utf8', shell });

const folderOf = (file) => join(folder, 'node_modules', name, 'bin', file);
const executable = [folderOf('node'), folderOf('node.exe')].find(existsSync);
const version = executable && spawnSync(executable, ['--version'], { encoding: 'utf8' }).stdout?.trim();
if (!version) {
  const reason = installed === 0 ? `${name} holds no Node that runs here` : stderr?.trim();
  console.error(`with-node: NOT RUN on Node ${requested}: npm cannot install it.\n${reason}`);
  if (process.env.SIMCLR_LEAVE_OUT_OTHER_NODE === '1') {
    console.error('with-node: left out, because SIMCLR_LEAVE_OUT_OTHER_NODE=1.');
    process.exit(0);
  }
  process.exit(1);
}
if (installed !== 0) console.error(`with-node: npm was not asked for a newer one: ${stderr?.trim()}`);

console.log(`with-node: Node ${version}: ${[command, ...args].join(' ')}`);
const path = [dirname(executable), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
const result = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, PATH: path }, shell });
if (result.error) console.error(`with-node: ${command} does not start: ${result.error.message}`);
process.exit(result.status ?? 128 + (constants.signals[result.signal] ?? 0));
