import { memory, setBackend } from '@tensorflow/tfjs-core';
import { Command, InvalidArgumentError } from 'commander';
import {
  fitLabels,
  knnClassifier,
  type LabeledEmbeddings,
  linearProbe,
  retrieval,
  selectDiverse,
  uniformity,
} from '../src/evaluation/embedding-evaluation.js';
import { randomGenerator } from '../src/random/index.js';
import '../src/wasm/index.js';

// Seconds of kNN classifier, linear probe and others on the wasm backend, on made-up representations:
//   npx tsx bench/evaluation.ts --references 100000 --only knn

const classes = 10;

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1)) throw new InvalidArgumentError('An integer >= 1 is needed.');
  return value;
}

/** Rows like those of a mediocre encoder: >= 0, around a mean of their class, classes overlapping. */
function representations(
  rows: number,
  dim: number,
  seed: number,
): LabeledEmbeddings & { labels: Uint8Array } {
  const center = randomGenerator(0);
  const means = Float32Array.from({ length: classes * dim }, () => 0.05 * center.normal());
  const random = randomGenerator(seed);
  const labels = Uint8Array.from({ length: rows }, (_, row) => row % classes);
  const data = new Float32Array(rows * dim);
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor(i / dim);
    data[i] = Math.max(0, random.uniform(-1, 1) + means[labels[row]! * dim + (i % dim)]!);
  }
  return { embeddings: { data, shape: [rows, dim] }, labels, classes };
}

async function timed<T>(name: string, work: () => Promise<T>, describe: (result: T) => string): Promise<T> {
  const began = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = ((performance.now() - began) / 1000).toFixed(2);
  const busy = ((user + system) / 1e6).toFixed(2);
  console.log(`${name}: ${seconds} s (${busy} s of processor time), ${describe(result)}`);
  return result;
}

const options = new Command('evaluation')
  .option('--references <count>', 'rows to fit to', positiveInteger, 10_000)
  .option('--queries <count>', 'rows to classify', positiveInteger, 10_000)
  .option('--dim <count>', 'columns', positiveInteger, 512)
  .option('--repetitions <count>', 'how often each is measured', positiveInteger, 2)
  .option('--only <name>', 'knn, probe, retrieval, uniformity, select or label')
  .parse()
  .opts<{ references: number; queries: number; dim: number; repetitions: number; only?: string }>();

await setBackend('wasm');
const train = representations(options.references, options.dim, 1);
const test = representations(options.queries, options.dim, 2);
const isSelected = (name: string) => options.only === undefined || options.only === name;
const accuracyOf = ({ accuracy }: { accuracy: number }) => `accuracy ${accuracy}`;
for (let repetition = 0; repetition < options.repetitions; repetition++) {
  if (isSelected('knn')) {
    const knn = await timed(
      'knnClassifier',
      () => knnClassifier(train),
      () => `${options.references} references`,
    );
    await timed('KnnClassifier.evaluate', () => knn.evaluate(test.embeddings, test.labels), accuracyOf);
  }
  if (isSelected('probe')) {
    const describe = ({ iterations, loss }: { iterations: number; loss: number }) =>
      `${iterations} iterations, loss ${loss.toFixed(6)}`;
    const probe = await timed('linearProbe', () => linearProbe(train), describe);
    await timed('LinearProbe.evaluate', () => probe.evaluate(test.embeddings, test.labels), accuracyOf);
  }
  if (isSelected('retrieval')) {
    const describe = ({ meanAveragePrecision }: { meanAveragePrecision: number }) =>
      `mAP ${meanAveragePrecision}`;
    await timed('retrieval', () => retrieval(test.embeddings, test.labels), describe);
  }
  for (const method of ['facility-location', 'farthest-point'] as const) {
    if (!isSelected('select')) break;
    await timed(
      `selectDiverse, ${method}`,
      () => selectDiverse(train.embeddings, { count: 100, method }),
      ({ coverage }) => `mean coverage ${coverage.mean}`,
    );
  }
  if (isSelected('label')) {
    const named = representations(1000, options.dim, 3);
    const model = await timed(
      'fitLabels',
      () => fitLabels(named),
      ({ leaveOneOutAccuracy }) => `${leaveOneOutAccuracy} of 1000 left out`,
    );
    await timed(
      'LabelModel.predict',
      () => model.predict(test.embeddings),
      ({ labels }) => `${labels.length} rows`,
    );
  }
  if (isSelected('uniformity')) await timed('uniformity', () => uniformity(test.embeddings), String);
}
const peak = process.resourceUsage().maxRSS / 1024;
console.log(`peak memory of the process ${peak.toFixed(0)} MiB, tensors left ${memory().numTensors}`);
