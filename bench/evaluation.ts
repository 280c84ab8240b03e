import { memory } from '@tensorflow/tfjs-core';
import '../src/wasm/index.js';
import { setBackend } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { type EmbeddingArray, knnClassifier, linearProbe } from '../src/evaluation/index.js';
import { randomGenerator } from '../src/random/index.js';

const o = new Command()
  .option('--rows <n>', '', '10000')
  .option('--queries <n>', '', '10000')
  .option('--dim <n>', '', '512')
  .option('--only <x>')
  .parse()
  .opts();
await setBackend('wasm');
function make(rows: number, dim: number, seed: number): { embeddings: EmbeddingArray; labels: Uint8Array } {
  const r = randomGenerator(seed);
  const centres = randomGenerator(9);
  const c = Float32Array.from({ length: 10 * dim }, () => 0.05 * centres.normal());
  const labels = Uint8Array.from({ length: rows }, (_, i) => i % 10);
  const data = new Float32Array(rows * dim);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < dim; j++)
      data[i * dim + j] = Math.max(0, r.uniform(-1, 1) + c[labels[i]! * dim + j]!);
  return { embeddings: { data, shape: [rows, dim] }, labels };
}
const rows = +o.rows,
  queries = +o.queries,
  dim = +o.dim;
const train = make(rows, dim, 1),
  test = make(queries, dim, 2);
async function timed(name: string, f: () => Promise<unknown>) {
  const t = performance.now();
  const v = await f();
  console.log(name, ((performance.now() - t) / 1000).toFixed(2), 's', v ?? '');
}
if (o.only !== 'probe') {
  let knn: Awaited<ReturnType<typeof knnClassifier>>;
  await timed('knn fit', async () => {
    knn = await knnClassifier(train);
  });
  await timed('knn evaluate', async () => (await knn.evaluate(test.embeddings, test.labels)).accuracy);
  await timed('knn evaluate', async () => (await knn.evaluate(test.embeddings, test.labels)).accuracy);
}
if (o.only !== 'knn') {
  let probe: Awaited<ReturnType<typeof linearProbe>>;
  await timed('probe fit', async () => {
    probe = await linearProbe(train);
    return [probe.iterations, probe.converged, probe.loss];
  });
  await timed('probe evaluate', async () => (await probe.evaluate(test.embeddings, test.labels)).accuracy);
}
console.log(process.memoryUsage().rss / 2 ** 20, process.resourceUsage().maxRSS / 1024, memory().numTensors);
