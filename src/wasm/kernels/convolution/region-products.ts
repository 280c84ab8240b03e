import { withoutBorder } from './border-regions.js';
import { type Axis, type GatherSource, gather, multiply } from './gathered-product.js';

/** A product over all rows of a grid, and how its parts find their taps of the filter and their rows of the output. */
export interface PartsWork {
  source: GatherSource;
  axes: readonly [Axis, Axis];
  pictures: number;
  columns: number;
  output: number;
  outputSize: readonly [number, number];
  /** Row (i, j) of the grid goes to output pixel `outputOrigin + (i, j) * outputStep`. */
  outputStep: readonly [number, number];
  outputOrigin: readonly [number, number];
  filter: {
    address: number;
    channels: number;
    /** Number of the value of the first tap. */
    first: number;
    /** Values from one tap to the next, along both axes. */
    steps: readonly [number, number];
    channelStep: number;
    columnStep: number;
  };
}

/** One product for each part of the grid that has taps of its own. */
export function multiplyParts(work: PartsWork): void {
  const { source, axes, pictures, columns, output, outputSize, outputStep, outputOrigin, filter } = work;
  const [partsY, partsX] = withoutBorder(axes, [source.height, source.width], pictures);
  const single = partsY.length === 1 && partsX.length === 1 && outputStep.every((step) => step === 1);
  for (const y of partsY) {
    for (const x of partsX) {
      const first = filter.first + y.firstTap * filter.steps[0] + x.firstTap * filter.steps[1];
      const scatter = {
        scatterHeight: outputSize[0],
        scatterWidth: outputSize[1],
        scatterStepY: outputStep[0],
        scatterStepX: outputStep[1],
        scatterY: outputOrigin[0] + y.firstRow * outputStep[0],
        scatterX: outputOrigin[1] + x.firstRow * outputStep[1],
      };
      multiply({
        gathered: gather(source, y.axis, x.axis),
        rows: pictures * y.axis.grid * x.axis.grid,
        columns,
        depth: y.axis.taps * x.axis.taps * filter.channels,
        output,
        filter: {
          source: filter.address,
          tapDepth: filter.channels,
          tapsY: y.axis.taps,
          tapsX: x.axis.taps,
          tapOrigin: first,
          tapStepY: filter.steps[0],
          tapStepX: filter.steps[1],
          strideK: filter.channelStep,
          strideColumn: filter.columnStep,
        },
        ...(single ? {} : { scatter }),
      });
    }
  }
}
