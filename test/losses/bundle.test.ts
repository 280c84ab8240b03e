import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

async function bundle(minify: boolean): Promise<string> {
  const result = await build({
    stdin: {
      contents: "export { ntXentLoss } from './src/losses/index.js';",
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    minify,
    write: false,
    format: 'esm',
    external: ['@tensorflow/*'],
  });
  return result.outputFiles[0]!.text;
}

describe('the bundle of ntXentLoss alone', () => {
  it('stays small and names nothing of tfjs but its core', async () => {
    const code = await bundle(true);
    expect(gzipSync(code).length).toBeLessThanOrEqual(3072);
    expect([...new Set(code.match(/@tensorflow\/[a-z-]+/g))]).toEqual(['@tensorflow/tfjs-core']);
  });

  it('differentiates in a process that has no gradients registered', async () => {
    const program = `${await bundle(false)}
      import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-cpu';
      await tf.setBackend('cpu');
      const views = [tf.tensor2d([[1, 2], [3, -4]]), tf.tensor2d([[2, 1], [4, -3]])];
      const ofMean = tf.grads((a, b) => ntXentLoss(a, b))(views);
      const ofRows = tf.grads((a, b) => ntXentLoss(a, b, { reduction: 'none' }))(views, tf.tensor1d([0.25, 0.25, 0.25, 0.25]));
      const values = (tensors) => tensors.flatMap((tensor) => [...tensor.dataSync()]);
      console.log(JSON.stringify({ registered: tf.getGradient('Mean') != null, mean: values(ofMean), rows: values(ofRows) }));
    `;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module'], {
      cwd: root,
      input: program,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const answer = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(answer.registered).toBe(false);
    expect(Math.hypot(...answer.mean)).toBeGreaterThan(0.01);
    for (const [i, value] of answer.mean.entries()) expect(answer.rows[i]).toBeCloseTo(value, 6);
  });
});
