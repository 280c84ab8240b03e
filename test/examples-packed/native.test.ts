import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { execute, root } from '../package/packed.js';
import { dependenciesOf } from './examples.js';
import { expectLearning, expectRight } from './expect-learning.js';
import { installInto } from './install-into.js';

/** A folder of its own: tfjs-node must not be there when the other examples run. */
const folder = join(inject('workshop'), 'native');
const example = join(folder, 'node-gpu');
const module = join(folder, 'node_modules/@tensorflow/tfjs-node');

/** The one that is built for the benchmarks out of a wheel of TensorFlow: registries have no ready binding. */
const built = join(root, 'bench/.cache/tfjs-node/node_modules/@tensorflow/tfjs-node');

const withoutLibrary =
  '@tensorflow/tfjs-node is installed without its native library: its install step did not run or could not ' +
  'download it; try `npm rebuild @tensorflow/tfjs-node`';

/** What `useBestBackend` says when it is asked for tfjs-node. */
async function askForTensorFlow(): Promise<string> {
  const program = `
    import { useBestBackend } from 'simclr-ts/node';
    const { name } = await useBestBackend({ prefer: 'tfjs-node' }).catch(({ message }) => ({ name: message }));
    console.log(name);`;
  return (await execute('node', ['--input-type=module', '-e', program], folder)).stdout.trim();
}

beforeAll(async () => {
  // As where the package's own install step, which downloads TensorFlow, was not allowed or failed.
  const dependencies = { ...dependenciesOf(['node-gpu']), '@tensorflow/tfjs-node': '4.22.0' };
  await installInto(folder, dependencies, inject('tarball'), ['--ignore-scripts']);
  await cp(join(inject('workshop'), 'node-gpu'), example, { recursive: true });
  // By itself it takes what is faster: our kernels on wasm.
  const main = join(example, 'main.js');
  const program = await readFile(main, 'utf8');
  await writeFile(main, program.replace('useBestBackend()', "useBestBackend({ prefer: 'tfjs-node' })"));
  await execute('bash', ['bench/setup.sh', 'tfjs-node'], root);
});

describe.sequential('tfjs-node', () => {
  it('is missed in one sentence where its binding was not installed', async () => {
    expect(await askForTensorFlow()).toContain(`prefer="tfjs-node", but ${withoutLibrary}.`);
  });

  it('is missed in the same sentence where libtensorflow is not found', async () => {
    await cp(join(built, 'lib'), join(module, 'lib'), { recursive: true });
    expect(await askForTensorFlow()).toContain(`prefer="tfjs-node", but ${withoutLibrary}.`);
  });

  it('runs node-gpu when it is preferred', async () => {
    await symlink(join(built, 'deps'), join(module, 'deps'));
    const { stdout } = await execute('npm', ['run', '--silent', 'start'], example);
    expect(stdout).toContain('Using tfjs-node (TensorFlow on the processor)');
    expectLearning(stdout);
    expectRight(stdout, 60);
  });

  it('runs node-gpu on the newest Node, which lacks what tfjs-node 4.22 calls', async () => {
    const program =
      "import util from 'node:util'; console.log('isNullOrUndefined' in util); import('./main.js');\n";
    await writeFile(join(example, 'newest.js'), program);
    const withNode = join(root, 'scripts/with-node.mjs');
    const { stdout } = await execute('node', [withNode, 'latest', 'node', 'newest.js'], example);
    expect(stdout).toMatch(/^false$/m);
    expect(stdout).toContain('Using tfjs-node (TensorFlow on the processor)');
    expectLearning(stdout);
  });
});
