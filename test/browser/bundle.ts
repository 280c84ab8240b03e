import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Tests whose subject is Node or the build. */
const needNode = [
  'test/linear-algebra/k-means.test.ts',
  'test/linear-algebra/symmetric-eigenvectors.test.ts',
  'test/linear-algebra/whitening.test.ts',
  'test/losses/bundle.test.ts',
  'test/wasm/threads.test.ts',
  'test/wasm/wide-kernels.test.ts',
];

const rooms = [
  'augmentations',
  'browser',
  'evaluation',
  'losses',
  'models',
  'linear-algebra',
  'optimizers',
  'tensors',
  'training',
  'wasm',
];

/** Test files that can run in a browser, by their paths from the repository's root. */
export function browserTestFiles(root: string): string[] {
  return rooms
    .flatMap((room) => readdirSync(join(root, 'test', room)).map((name) => `test/${room}/${name}`))
    .filter((path) => path.endsWith('.test.ts') && !needNode.includes(path))
    .sort();
}

/** Gives the bundle the test files, and vitest's parts under vitest's name. */
function testFiles(root: string): Plugin {
  const imports = browserTestFiles(root).map((path) => `'${path}': () => import('./${path}'),`);
  return {
    name: 'test-files',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^virtual:test-files$/ }, () => ({ path: 'test-files', namespace: 'virtual' }));
      onLoad({ filter: /^test-files$/, namespace: 'virtual' }, () => ({
        contents: `export const testFiles = {\n${imports.join('\n')}\n};`,
        resolveDir: root,
      }));
      // Where a test has one case among others for folders; suite.ts leaves it out.
      onResolve({ filter: /^simclr-ts\/node$|\/node\/temporary\.js$/ }, () => ({
        path: 'folders',
        namespace: 'virtual',
      }));
      onLoad({ filter: /^folders$/, namespace: 'virtual' }, () => ({
        contents: 'export const directory = undefined, temporaryFolder = undefined;',
      }));
      onResolve({ filter: /^vitest$/ }, () => ({ path: join(root, 'test/browser/vitest-in-page.ts') }));
    },
  };
}

/** Bundles the tests for browsers, each file a chunk of its own. */
export async function bundleTests(root: string, outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['page', 'worker', 'trainer-worker'].map((name) =>
      relative(root, join(root, `test/browser/${name}.ts`)),
    ),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    tsconfig: join(root, 'tsconfig.json'),
    // tfjs's wasm loaders look for these in Node only.
    external: ['fs', 'path', 'os', 'perf_hooks', 'worker_threads', 'crypto', 'util', 'node:*', 'webgpu'],
    sourcemap: 'inline',
    plugins: [testFiles(root)],
    logLevel: 'error',
  });
}
