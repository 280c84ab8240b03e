import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkPositive } from '../../errors/checks.js';
import { checkSameDim, type Embeddings, readEmbeddings } from '../embeddings.js';
import {
  type ClassificationResult,
  type ClassProbabilities,
  classificationResult,
  mostProbableClass,
} from '../labels/classification.js';
import { checkLabels, checkTrainingLabels, type Labels } from '../labels/labels.js';
import { unitRows } from '../linear-algebra/unit-rows.js';
import { checkNeighbors, searchNeighbors } from './nearest-neighbors.js';

/** Embeddings with their classes, to fit a classifier to. */
export interface LabeledEmbeddings {
  /** Shape `[n, d]`. A tensor is read at the call and can be disposed afterwards. */
  embeddings: Embeddings;
  /** One class number per row, from 0. Kept by reference: do not change them while the classifier is in use. */
  labels: Labels;
  /** Number of classes. @defaultValue the largest label + 1 */
  classes?: number;
}

/** Options of {@link knnClassifier}. */
export interface KnnClassifierOptions {
  /**
   * How many nearest references vote, from 1 to the number of references.
   * @defaultValue `20` (lightly's documentation for Imagenette and ImageNet-100; its code uses 200 for all of ImageNet)
   */
  neighbors?: number;
  /**
   * t in the weight exp(similarity / t), unitless, > 0. Smaller values give the nearest references more weight.
   * @defaultValue `0.1` (lightly)
   */
  temperature?: number;
  /**
   * `'cosine-exponential'`: a neighbor votes with weight exp(similarity / t). `'uniform'`: each neighbor has one vote.
   * @defaultValue `'cosine-exponential'`
   */
  weighting?: 'cosine-exponential' | 'uniform';
}

/** A fitted k-nearest-neighbor classifier. */
export interface KnnClassifier {
  /** Number of classes. */
  readonly classes: number;
  /** The most probable class of each query `[q, d]`; of equally probable ones the lowest number. */
  predict(queries: Embeddings): Promise<Int32Array>;
  /** Class probabilities, `[q, classes]`: each class's share of the votes. */
  probabilities(queries: Embeddings): Promise<ClassProbabilities>;
  /** Predicts classes and compares them with one class number per query. */
  evaluate(queries: Embeddings, labels: Labels): Promise<ClassificationResult>;
}

/**
 * k-nearest-neighbor classifier on cosine similarity. It is the usual first evaluation of a representation because it needs
 * no training. Each of the k most similar references votes for its class with weight exp(similarity / t).
 *
 * The search is exact. Lower numbers win ties: of equally similar references the lower row counts as nearer, and of classes
 * with equal votes the lower class number is predicted. Similarities are float32, so backends may order references
 * differently whose similarities differ by less than about 1e-6. A search holds at most 4096 references, 1024 queries and
 * their similarities on the device (about 26 MiB at 512 dimensions). The references stay on the host and are not copied.
 *
 * @param references - Embeddings `[n, d]` and their classes. Rows of zeros are allowed; their similarity is 0.
 * @param options - See {@link KnnClassifierOptions}.
 * @throws {@link ShapeError} unless embeddings are a float32 matrix with at least one row, with one label per row.
 * @throws {@link ValueRangeError} when a value is not finite, a label is not a class, or all labels are the same.
 * @throws {@link InvalidOptionError} when an option is outside its domain or `neighbors` exceeds n.
 * @example
 * const embeddings = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] } as const;
 * const knn = await knnClassifier({ embeddings, labels: Uint8Array.of(0, 1) }, { neighbors: 1 });
 * await knn.predict({ data: Float32Array.of(0.2, 0.9), shape: [1, 2] }); // Int32Array [1]
 * @see Wu et al. 2018, arXiv:1805.01978, section 3.4; lightly's benchmarks use the same rule.
 */
export async function knnClassifier(
  references: LabeledEmbeddings,
  options: KnnClassifierOptions = {},
): Promise<KnnClassifier> {
  const caller = 'knnClassifier';
  checkKeys(caller, options, { neighbors: 1, temperature: 1, weighting: 1 });
  const { neighbors = 20, temperature = 0.1, weighting = 'cosine-exponential' } = options;
  const { labels } = references;
  const matrix = await readEmbeddings(caller, 'embeddings', references.embeddings);
  const classes = checkTrainingLabels(caller, labels, matrix.rows, references.classes);
  checkPositive(caller, 'temperature', temperature);
  checkChoice(caller, 'weighting', weighting, ['cosine-exponential', 'uniform']);
  checkNeighbors(caller, neighbors, matrix.rows);
  const units = unitRows(matrix);

  async function probabilitiesOf(method: string, queries: Embeddings): Promise<ClassProbabilities> {
    const asked = await readEmbeddings(method, 'queries', queries);
    checkSameDim(method, 'queries', asked, 'references', units);
    const { indices, similarities } = await searchNeighbors(unitRows(asked), units, neighbors);
    const data = new Float32Array(asked.rows * classes);
    const votes = new Float64Array(classes);
    for (let row = 0; row < asked.rows; row++) {
      votes.fill(0);
      const start = row * neighbors;
      const largest = similarities[start]!;
      let sum = 0;
      for (let i = start; i < start + neighbors; i++) {
        // Relative to the nearest, so that a small temperature cannot overflow. The shares are the same.
        const weight = weighting === 'uniform' ? 1 : Math.exp((similarities[i]! - largest) / temperature);
        const label = labels[indices[i]!]!;
        votes[label] = votes[label]! + weight;
        sum += weight;
      }
      for (let k = 0; k < classes; k++) data[row * classes + k] = votes[k]! / sum;
    }
    return { data, shape: [asked.rows, classes] };
  }

  return {
    classes,
    predict: async (queries) => mostProbableClass(await probabilitiesOf('KnnClassifier.predict', queries)),
    probabilities: (queries) => probabilitiesOf('KnnClassifier.probabilities', queries),
    async evaluate(queries, actual) {
      const method = 'KnnClassifier.evaluate';
      checkLabels(method, 'labels', actual, queries?.shape?.[0], classes);
      return classificationResult(await probabilitiesOf(method, queries), actual);
    },
  };
}
