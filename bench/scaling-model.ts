/** Inputs of the cost model of a data-parallel step, which can be measured on two ranks. */
export interface Figures {
  /** Seconds of the step of one rank alone. */
  step: number;
  /** Pictures of a rank in a step. */
  batch: number;
  /** Bytes per second of an all-reduce of all gradients: their bytes over its seconds. */
  bandwidth: number;
  /** Seconds of an all-reduce of a few bytes between two ranks. */
  latency: number;
  /** Floating-point operations per second of a matrix product. */
  speed: number;
}

/** The model that is trained: ResNet-18 with a head of 512, 512, 64. */
export const network = { parameters: 11_700_000, normalizations: 20, channels: 4800, projection: 64 };

/** Seconds of the parts of a step. */
export interface Cost {
  compute: number;
  loss: number;
  gather: number;
  statistics: number;
  gradients: number;
  total: number;
  /** Parallel efficiency: the share of the step that a rank alone would take. */
  efficiency: number;
}

/**
 * A ring moves 2 (R - 1) / R times the gradients through each rank, two ranks once; small messages go up and down a
 * tree, log2 R levels; the gathered projections grow with R, and so do the columns of a rank's rows of the loss.
 */
export function predict(ranks: number, { step, batch, bandwidth, latency, speed }: Figures): Cost {
  const { parameters, normalizations, channels, projection } = network;
  const levels = Math.ceil(Math.log2(ranks));
  const views = 2 * batch;
  const others = ranks - 1;
  const loss = (2 * 2 * views * views * others * projection) / speed;
  const gather = levels * 3 * latency + (others * views * (projection + 1) * 4) / bandwidth;
  // Sums and sums of squares, forward and backward, in float64.
  const statistics = 2 * normalizations * levels * latency + (2 * levels * 2 * channels * 8) / bandwidth;
  const gradients = levels * latency + ((2 * others) / ranks) * ((parameters * 4) / bandwidth);
  const total = step + loss + gather + statistics + gradients;
  return { compute: step, loss, gather, statistics, gradients, total, efficiency: step / total };
}
