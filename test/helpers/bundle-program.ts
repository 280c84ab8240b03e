import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache');
const prefix = 'program-';
/** As deep below the repository's root as `src/cli/main.ts`, which looks for files from where it is. */
const outdir = join(cache, `${prefix}${process.pid}`);
const bundles = new Map<string, string>();

/**
 * A TypeScript program as JavaScript, for processes of its own: a loader would compile it again in each. Packages stay
 * outside.
 */
export function bundleProgram(source: string): string {
  const present = bundles.get(source);
  if (present) return present;
  if (bundles.size === 0) removeOthers();
  buildSync({
    entryPoints: [source],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    tsconfig: join(root, 'tsconfig.json'),
    logLevel: 'error',
  });
  const bundle = join(outdir, basename(source).replace(/\.ts$/, '.mjs'));
  bundles.set(source, bundle);
  return bundle;
}

/** Removes what test processes left that have ended: vitest ends them by a signal. */
function removeOthers(): void {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith(prefix))) {
    try {
      process.kill(Number(name.slice(prefix.length)), 0);
    } catch {
      rmSync(join(cache, name), { recursive: true, force: true });
    }
  }
}
