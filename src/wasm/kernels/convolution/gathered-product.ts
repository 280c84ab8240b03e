import { constants, type Fields, kernelModule, kinds } from '../../module/kernel-module.js';

const { blockRows } = constants.product;
const { spareBytes } = constants.panels;
const { chunkPixels } = constants['filter-gradient'];
const tile = { rows: constants['micro-kernel'].tileRows, columns: constants['micro-kernel'].tileColumns };
/** Values of depth that are packed together: a panel of 8 columns then fills a fourth of the first-level cache. */
const chunkDepth = 256;
/** Input channels of a task of the filter gradient. */
const channelsPerTask = 128;
/** Before the panels of the filter gradient: a spare tile, two gathers, the addresses of a chunk. */
const headBytes = constants['filter-gradient'].headBytes + 4 * chunkPixels;

const roundUp = (value: number, unit: number) => Math.ceil(value / unit) * unit;

/** A tensor of pictures as the compiled module gathers from it: see assembly/gather.ts. */
export interface GatherSource {
  address: number;
  height: number;
  width: number;
  /** Values taken at each tap. */
  channels: number;
  /** Values from one pixel to the next, where other than `channels`. */
  pixelStride?: number;
}

/** How the rows of a product and their taps lie along one axis of the pictures. */
export interface Axis {
  grid: number;
  rowStep: number;
  origin: number;
  tapStep: number;
  taps: number;
}

/** Writes down how rows are gathered, for {@link multiply} and {@link multiplyOverPixels}; valid until the next call. */
export function gather(source: GatherSource, y: Axis, x: Axis): number {
  const module = kernelModule();
  const { address, height, width, channels, pixelStride = channels } = source;
  return module.structure('Gather', {
    source: address,
    zeros: module.zeros(channels * 4),
    height,
    width,
    pixelStride,
    channels,
    gridHeight: y.grid,
    gridWidth: x.grid,
    rowStepY: y.rowStep,
    rowStepX: x.rowStep,
    originY: y.origin,
    originX: x.origin,
    tapStepY: y.tapStep,
    tapStepX: x.tapStep,
    tapsY: y.taps,
    tapsX: x.taps,
  });
}

/** A product of gathered rows with the columns of a filter. */
export interface ProductWork {
  gathered: number;
  rows: number;
  columns: number;
  depth: number;
  output: number;
  /** A filter's part, as assembly/pack-columns.ts packs it. */
  filter: Omit<Fields<'Columns'>, 'to' | 'columns' | 'chunk'>;
  /** Where rows go that do not lie one after the other: see assembly/product.ts. */
  scatter?: Scatter;
}

/** Where the rows of a product go. */
export type Scatter = Pick<
  Fields<'Product'>,
  'scatterHeight' | 'scatterWidth' | 'scatterStepY' | 'scatterStepX' | 'scatterY' | 'scatterX'
>;

/** Rows go one after the other. */
const inOrder: Scatter = {
  scatterHeight: 0,
  scatterWidth: 0,
  scatterStepY: 0,
  scatterStepX: 0,
  scatterY: 0,
  scatterX: 0,
};

/** output = gathered rows x filter columns. */
export function multiply({ gathered, rows, columns, depth, output, filter, scatter }: ProductWork): void {
  const module = kernelModule();
  const chunk = Math.min(chunkDepth, depth);
  const padded = roundUp(columns, tile.columns);
  const panels = module.block('panels', padded * depth * 4);
  const pack = module.structure('Columns', { ...filter, to: panels, columns, chunk });
  module.dispatch(kinds.packColumns, pack, padded / tile.columns, spareBytes);
  const work = module.structure('Product', {
    gather: gathered,
    panels,
    output,
    rows,
    columns,
    depth,
    chunk,
    ...(scatter ?? inOrder),
  });
  const scratch = spareBytes + 4 * blockRows * (chunk + (scatter ? columns : 0));
  module.dispatch(kinds.multiplyGathered, work, Math.ceil(rows / blockRows), scratch);
}

/** Values gathered at taps of pixels, and gradients of these pixels. */
export interface FilterGradientWork {
  gathered: number;
  taps: number;
  channels: number;
  gradient: number;
  output: number;
  pixels: number;
  outputs: number;
}

/** output [taps, channels, outputs] = sum over pixels of gathered values times gradients. */
export function multiplyOverPixels(work: FilterGradientWork): void {
  const module = kernelModule();
  const { gathered, taps, channels, gradient, output, pixels, outputs } = work;
  const perTask = Math.min(channelsPerTask, channels);
  const rows = roundUp(outputs, tile.rows);
  const columns = roundUp(perTask, tile.columns);
  const scratch = headBytes + 4 * (chunkPixels * (rows + columns) + outputs * columns);
  const tasks = taps * Math.ceil(channels / perTask);
  const structure = module.structure('FilterGradient', {
    gather: gathered,
    gradient,
    result: output,
    pixels,
    outputs,
    channelsPerTask: perTask,
  });
  module.dispatch(kinds.multiplyFilterGradient, structure, tasks, scratch);
}
