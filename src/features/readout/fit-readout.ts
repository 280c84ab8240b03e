import type { LayersModel } from '@tensorflow/tfjs-layers';
import { normalizer } from '../../augmentations/normalize.js';
import { datasetSize, type ImageDataset } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkBoolean, checkInteger } from '../../errors/checks.js';
import { InvalidOptionError, ValueRangeError } from '../../errors/errors.js';
import { type Covariance, CovarianceSums } from '../../linear-algebra/covariance.js';
import { principalComponents, totalVariance } from '../../linear-algebra/whitening.js';
import type { EmbedOptions, FlipOptions } from '../../models/inference/embed-images.js';
import { inferencePasses } from '../../models/inference/inference-passes.js';
import { type EncoderSource, pictureEncoder, sizeInMemory } from '../encoder-source.js';
import {
  joinedLength,
  mostLength,
  type ReadoutStage,
  type ResolvedStage,
  resolveStages,
  stageLength,
} from './encoder-stages.js';
import { fingerprint } from './encoder-weights.js';
import { Readout } from './readout.js';
import { stageModel, type WhiteningWeights, withWhitening } from './stage-model.js';

/** Options of {@link fitReadout}. */
export interface FitReadoutOptions extends EmbedOptions, FlipOptions {
  /**
   * What to read. Several stages are joined.
   * @defaultValue the first two of {@link encoderStages} on a grid of 3x3, or a single one on 4x4
   */
  stages?: readonly ReadoutStage[];
  /**
   * Most dimensions of the vectors: the directions of the largest variance. Pictures that span fewer give fewer, see
   * `readout.dim`.
   * @defaultValue an eighth of the pictures, but at least 16 and at most 256
   */
  dim?: number;
}

/**
 * Fits a read-out to pictures without labels: stages of an encoder, averaged on a grid, joined, centered and whitened.
 *
 * With x the joined vector of a picture, μ the mean of x over the pictures, and λ_k, v_k the largest eigenvalues of its
 * covariance with their vectors, the read-out is y_k = v_k . (x - μ) / √λ_k: `PCA(whiten=True)` of scikit-learn. If
 * several stages are joined, each is first scaled to a total variance of weight².
 *
 * @param source - Any model of tfjs-layers that takes pictures, or `{ encoder, normalization }`, such as
 * a `SimCLR`. It is copied as far as it is read, and not changed.
 * @param images - What `SimCLR.embed` takes; at least two pictures that differ. One pass, in memory that does not grow
 * with the pictures. Take several times as many as `dim`: fewer are whitened to directions of chance.
 * @param options - See {@link FitReadoutOptions}. With `flips`, the means over flips are whitened: pass it to `embed` too.
 * @returns The read-out. Dispose of it with `readout.dispose()`.
 * @throws {@link InvalidOptionError} when a stage is not in the encoder, its grid is finer than its maps, the stages have
 * more than 4096 values together, or there are fewer than two pictures.
 * @throws {@link ValueRangeError} when the pictures are all alike at these stages, or a stage gives NaN.
 * @throws {@link ShapeError} when the encoder does not take pictures, or the pictures have another size.
 * @example
 * const readout = await fitReadout(simclr, images, { stages: [{ layer: 'layer1.1.bn2', grid: 4 }], dim: 256 });
 * @see Coates and Ng 2011, "An analysis of single-layer networks in unsupervised feature learning" (features on a grid);
 * Husain et al. 2019, arXiv:1907.05126, and Jégou and Chum 2012 (whitening for nearest neighbors).
 */
export async function fitReadout(
  source: LayersModel | EncoderSource,
  images: ImageDataset,
  options: FitReadoutOptions = {},
): Promise<Readout> {
  const caller = 'fitReadout';
  checkKeys(caller, options, { stages: 1, dim: 1, flips: 1, batchSize: 1, onProgress: 1 });
  const { dim, flips = false, batchSize = 64, onProgress } = options;
  checkBoolean(caller, 'flips', flips);
  if (dim !== undefined) checkInteger(caller, 'dim', dim);
  checkInteger(caller, 'batchSize', batchSize);
  const { encoder, normalization, inputShape } = pictureEncoder(caller, source, sizeInMemory(images));
  const size = [inputShape[0], inputShape[1]] as const;
  const outputs = resolveStages(caller, encoder, size, options.stages);
  const stages = outputs.map(({ stage }) => stage);
  const length = joinedLength(stages);
  if (length > mostLength) {
    throw new InvalidOptionError(
      `${caller}: stages must give at most ${mostLength} values together; use a coarser grid, or fewer stages. Received: ${stages.map((stage) => `${stage.layer} with ${stageLength(stage)}`).join(', ')}.`,
    );
  }
  const model = await stageModel(caller, encoder, outputs, size);
  try {
    const sums = new CovarianceSums(length);
    const passes = inferencePasses(caller, model, images, {
      batchSize,
      prepare: normalizer(normalization),
      flips,
    });
    for await (const { outputs: vectors } of passes) {
      try {
        sums.add(await vectors.data<'float32'>());
      } finally {
        vectors.dispose();
      }
      onProgress?.(sums.rows, datasetSize(images));
    }
    if (sums.rows < 2) {
      throw new InvalidOptionError(
        `${caller}: images must hold at least two pictures. Received: ${sums.rows}.`,
      );
    }
    const most = dim ?? usualDim(sums.rows);
    const { weights, explainedVariance } = whiteningOf(caller, sums.result(), stages, most);
    const json = {
      inputShape,
      stages,
      normalization,
      pictures: sums.rows,
      explainedVariance,
      encoderWeights: await fingerprint(model),
    };
    return new Readout(withWhitening(model, weights), json);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Whitening with nearly as many dimensions as pictures makes all pictures equally far apart. */
function usualDim(pictures: number): number {
  return Math.min(256, Math.max(16, Math.floor(pictures / 8)));
}

/** One factor for each value of the joined vector: each stage gets a total variance of weight². */
function stageScales(joined: Covariance, stages: readonly ResolvedStage[]): Float64Array {
  const scales = new Float64Array(joined.mean.length);
  let first = 0;
  for (const stage of stages) {
    const end = first + stageLength(stage);
    const variance = totalVariance(joined, first, end);
    scales.fill(variance > 0 ? stage.weight / Math.sqrt(variance) : 0, first, end);
    first = end;
  }
  return scales;
}

function whiteningOf(
  caller: string,
  joined: Covariance,
  stages: readonly ResolvedStage[],
  dim: number,
): { weights: WhiteningWeights; explainedVariance: number } {
  const length = joined.mean.length;
  if (!joined.covariance.every(Number.isFinite) || !joined.mean.every(Number.isFinite)) {
    throw new ValueRangeError(
      `${caller}: the stages must give finite numbers. Received: NaN or infinity; are the encoder's weights finite?`,
    );
  }
  const scales = stageScales(joined, stages);
  const scaled: Covariance = {
    rows: joined.rows,
    mean: joined.mean.map((value, i) => value * scales[i]!),
    covariance: joined.covariance.map((value, i) => {
      return value * scales[i % length]! * scales[Math.floor(i / length)]!;
    }),
  };
  const { variances, vectors, explainedVariance } = principalComponents(
    scaled,
    Math.min(dim, joined.rows - 1),
  );
  const kept = variances.length;
  if (kept === 0) {
    throw new ValueRangeError(
      `${caller}: images must differ at the stages that are read. Received: ${joined.rows} pictures that are all alike there.`,
    );
  }
  const kernel = new Float32Array(length * kept);
  const bias = new Float32Array(kept);
  for (let k = 0; k < kept; k++) {
    const deviation = Math.sqrt(variances[k]!);
    let offset = 0;
    for (let i = 0; i < length; i++) {
      const factor = (scales[i]! * vectors[k * length + i]!) / deviation;
      kernel[i * kept + k] = factor;
      offset -= joined.mean[i]! * kernel[i * kept + k]!;
    }
    bias[k] = offset;
  }
  return { weights: { kernel, bias }, explainedVariance };
}
