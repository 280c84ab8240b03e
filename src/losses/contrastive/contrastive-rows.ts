import {
  add,
  concat,
  customGrad,
  div,
  type GradSaveFunc,
  log,
  matMul,
  mul,
  reshape,
  type Scalar,
  scalar,
  slice,
  split,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { normalizeRows, normalizeRowsGradient } from '../../tensors/normalize-rows.js';
import { type BlockSoftmax, softmaxOfBlock } from './fused-softmax.js';
import { type RowBlock, rowBlocks } from './row-blocks.js';

/** What distinguishes the contrastive losses. */
export interface ContrastiveRowsOptions {
  /** Divides the similarities. */
  temperature: number;
  /** How the losses of the rows are reduced. */
  reduction: 'mean' | 'sum' | 'none';
  /** What to exclude from a view's candidates: the view itself, or all views of its image. */
  excluded: 'self' | 'image';
  /** For each row, the sum of the rows that are its positives. The relation is symmetric. */
  positiveSums(rows: Tensor2D): Tensor2D;
  /** The reciprocal of each row's number of positives; one number if it is the same for all. */
  positiveShares: number | Float32Array;
  /** Computes each row's weight from its mean similarity to its positives; no gradient flows through it. */
  positiveWeights?(similarities: Tensor2D): Tensor2D;
  /** Maximum rows of the similarity matrix in memory at once. */
  blockSize?: number | undefined;
}

/** Tensors that the gradient needs. The exponentials are kept only if one block holds them all. */
type SavedTensors = [
  units: Tensor2D,
  norms: Tensor2D,
  sums: Tensor2D,
  coefficients: Tensor,
  exponentials?: Tensor2D,
];

/**
 * The form that contrastive losses share. With unit rows u, positives P(i), candidates C(i), and a weight c_i,
 *
 *     l_i = log(sum over k in C(i) of exp(u_i . u_k / t)) - c_i (mean over p in P(i) of u_i . u_p) / t
 *
 * The gradient is in closed form. If all similarities fit into one block, they are kept for it. Otherwise, one block of
 * rows exists at a time, and the gradient recomputes it.
 */
export function contrastiveRows(
  views: readonly Tensor2D[],
  options: ContrastiveRowsOptions,
): Scalar | Tensor1D {
  const { temperature, reduction, blockSize } = options;
  const images = views[0]!.shape[0];
  const count = images * views.length;
  const blocks = rowBlocks(count, count, { period: images, blockSize });
  const loss = customGrad((...inputs: Array<Tensor | GradSaveFunc>) => {
    const save = inputs.pop() as GradSaveFunc;
    const { losses, ...saved } = forward(inputs as Tensor2D[], blocks, options);
    const { units, norms, sums, coefficients, exponentials } = saved;
    save([units, norms, sums, coefficients, ...(exponentials ? [exponentials] : [])]);
    const value = reduction === 'none' ? losses : reduction === 'sum' ? sum(losses) : div(sum(losses), count);
    return {
      value,
      gradFunc: (upstream, kept) =>
        tidy(() => {
          const weight = reduction === 'none' ? reshape(upstream, [count, 1]) : upstream;
          const scale = 1 / (reduction === 'mean' ? temperature * count : temperature);
          const gradient = backward(mul(weight, scale), kept as SavedTensors, views.length, blocks, options);
          return split(gradient, views.length, 0);
        }),
    };
  });
  return loss(...views) as Scalar | Tensor1D;
}

/** The loss of each row, and what its gradient needs, with at most one of the large matrices. */
function forward(views: Tensor2D[], blocks: readonly RowBlock[], options: ContrastiveRowsOptions) {
  return tidy(() => {
    const { temperature, positiveShares, positiveWeights } = options;
    const [units, norms] = normalizeRows(concat(views, 0));
    const columns = transpose(units);
    const parts = blocks.map((block) =>
      tidy(() => {
        const { exponentials, maxima, sums } = blockSoftmax(block, units, columns, views.length, options);
        return blocks.length === 1 ? [maxima, sums, exponentials] : [maxima, sums];
      }),
    );
    const maxima = concat(parts.map(([highest]) => highest!));
    const sums = concat(parts.map(([, mass]) => mass!));
    const similarities = sum(mul(units, options.positiveSums(units)), 1, true) as Tensor2D;
    const shares: Tensor =
      typeof positiveShares === 'number'
        ? scalar(positiveShares)
        : tensor2d(positiveShares, [positiveShares.length, 1]);
    const coefficients = positiveWeights ? mul(positiveWeights(mul(similarities, shares)), shares) : shares;
    const positives = div(mul(similarities, coefficients), temperature);
    const losses = reshape(add(sub(maxima, positives), log(sums)), [-1]) as Tensor1D;
    return { losses, units, norms, sums, coefficients, exponentials: parts[0]![2] };
  });
}

/** The softmax over the candidates of a block of rows. */
function blockSoftmax(
  block: RowBlock,
  units: Tensor2D,
  columns: Tensor2D,
  views: number,
  { temperature, excluded }: ContrastiveRowsOptions,
): BlockSoftmax {
  // An explicit transpose of the small factor: some backends multiply transposed operands slowly.
  const logits = tidy(() => matMul(div(rowsOf(units, block), temperature) as Tensor2D, columns)) as Tensor2D;
  return softmaxOfBlock(logits, block, { images: units.shape[0] / views, views, excluded, temperature });
}

/**
 * The gradient of `sum_i w_i l_i` at all views, with `w` already divided by the temperature (shape `[count, 1]`, or a
 * scalar that all rows share).
 *
 * With Q the softmax over the candidates, U the unit rows, a = w c / |P| and S(X) the sums over positives, it is
 * `(W Q + Q' W) U - a S(U) - S(a U)`, the prime marking the transpose; Q is the exponentials over their row sums, which
 * scale the small factors here instead of another large matrix.
 */
function backward(
  weight: Tensor,
  [units, norms, sums, coefficients, kept]: SavedTensors,
  views: number,
  blocks: readonly RowBlock[],
  options: ContrastiveRowsOptions,
): Tensor2D {
  const weights = div(weight, sums) as Tensor2D;
  const columns = transpose(units);
  const asAnchor: Tensor2D[] = [];
  let asCandidate: Tensor2D | undefined; // transposed
  for (const block of blocks) {
    const before = asCandidate;
    const [anchor, candidate] = tidy(() => {
      const exponentials = kept ?? blockSoftmax(block, units, columns, views, options).exponentials;
      const ofRows = rowsOf(weights, block);
      const part = matMul(transpose(mul(ofRows, rowsOf(units, block)) as Tensor2D), exponentials);
      return [
        mul(ofRows, matMul(exponentials, units)) as Tensor2D,
        before ? (add(before, part) as Tensor2D) : part,
      ] as [Tensor2D, Tensor2D];
    });
    before?.dispose();
    asAnchor.push(anchor);
    asCandidate = candidate;
  }
  const pairWeights = mul(weight, coefficients);
  const positives = options.positiveSums(units);
  const towardPositives =
    pairWeights.rank === 0
      ? mul(positives, mul(pairWeights, 2))
      : add(mul(pairWeights, positives), options.positiveSums(mul(pairWeights, units) as Tensor2D));
  const atUnits = sub(add(concat(asAnchor), transpose(asCandidate!)), towardPositives) as Tensor2D;
  return normalizeRowsGradient(atUnits, units, norms);
}

function rowsOf(matrix: Tensor2D, { start, rows }: RowBlock): Tensor2D {
  return rows === matrix.shape[0] ? matrix : slice(matrix, [start, 0], [rows, -1]);
}
