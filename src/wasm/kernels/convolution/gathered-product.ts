import { constants, type Fields, kernelModule, kinds } from '../../module/kernel-module.js';
import { type Filter, type Finish, noFinish } from './filter.js';

const { blockRows } = constants.product;
const { edgeTileBytes } = constants.panels;
const { chunkPixels } = constants['filter-gradient'];
const tile = { rows: constants['micro-kernel'].tileRows, columns: constants['micro-kernel'].tileColumns };
/** Values of depth that are packed together: a panel of 8 columns then takes a fourth of the first-level cache. */
const chunkDepth = 256;
/** Tasks of a product that keep threads busy until the end; */
const tasksPerThread = 4;
/** with fewer rows a task reads the columns too often, with fewer columns it packs the rows too often. */
const fewestRows = 24;
const fewestColumns = 64;
/** Columns of a panel in the wide build: tasks have the same in both. */
const columnUnit = 16;
/** Input channels per task of the filter gradient. */
const channelsPerTask = 128;
/** With several threads, outputs are divided into tasks too, until each thread has eight. Each packs the inputs again. */
const fewestOutputs = 24;
/** Parts of the pixels when the filter's gradient is summed in parts: enough for the threads to share evenly. */
const mostParts = 32;
/** Scratch of the filter gradient before its panels: an edge tile, two `Gather` structures, the addresses of a chunk. */
const headBytes = constants['filter-gradient'].headBytes + 4 * chunkPixels;

/** The next multiple of `unit`. */
export const roundUp = (value: number, unit: number) => Math.ceil(value / unit) * unit;

/** A tensor of pictures that rows are gathered from: see assembly/products/gather.ts. */
export interface GatherSource {
  address: number;
  height: number;
  width: number;
  /** Values gathered at each filter position. */
  channels: number;
  /** Values from one pixel to the next. @defaultValue `channels` */
  pixelStride?: number;
}

/**
 * A convolution along one axis of the pictures: output i reads pixels i * stride + offset + f * dilation, where f counts the
 * rows (or columns) of the filter.
 */
export interface Axis {
  outSize: number;
  stride: number;
  /** Minus the padding. */
  offset: number;
  /** -1 reads the pixels backward. */
  dilation: number;
  filterSize: number;
}

/** Address of a `Gather` structure, for {@link multiply} and {@link multiplyOverPixels}. Valid until the next call. */
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
    outHeight: y.outSize,
    outWidth: x.outSize,
    strideHeight: y.stride,
    strideWidth: x.stride,
    offsetY: y.offset,
    offsetX: x.offset,
    dilationHeight: y.dilation,
    dilationWidth: x.dilation,
    filterHeight: y.filterSize,
    filterWidth: x.filterSize,
  });
}

/** A product of gathered rows with a filter. */
export interface ProductWork {
  gathered: number;
  rows: number;
  columns: number;
  depth: number;
  output: number;
  filter: Filter;
  /** The part of the filter that is multiplied: see assembly/products/pack-columns.ts. */
  part: Omit<Fields<'ColumnPacking'>, 'source' | 'to' | 'columns' | 'chunk'>;
  /** Where rows are written, if not one after the other: see assembly/products/product.ts. */
  scatter?: Scatter;
  /** @defaultValue the product alone */
  finish?: Finish;
}

/** Where the rows of a product are written. */
export type Scatter = Pick<
  Fields<'Product'>,
  'scatterHeight' | 'scatterWidth' | 'scatterStepY' | 'scatterStepX' | 'scatterY' | 'scatterX'
>;

/** Rows are written one after the other. */
const inOrder: Scatter = {
  scatterHeight: 0,
  scatterWidth: 0,
  scatterStepY: 0,
  scatterStepX: 0,
  scatterY: 0,
  scatterX: 0,
};

/** Rows and columns of a product's tasks: as many as the cache holds, fewer where threads would have nothing to do. */
function taskSizes(rows: number, columns: number, threads: number): [rows: number, columns: number] {
  const wanted = threads === 1 ? 1 : tasksPerThread * threads;
  const taskRows = Math.min(blockRows, Math.max(fewestRows, roundUp(rows / wanted, tile.rows)));
  const parts = Math.min(
    Math.ceil(wanted / Math.ceil(rows / taskRows)),
    Math.max(1, Math.floor(columns / fewestColumns)),
  );
  return [taskRows, roundUp(columns / parts, columnUnit)];
}

/** output = gathered rows times filter. */
export function multiply(work: ProductWork): void {
  const { gathered, rows, columns, depth, output, filter, part, scatter, finish = noFinish } = work;
  const module = kernelModule();
  const chunk = Math.min(chunkDepth, depth);
  const padded = roundUp(columns, tile.columns);
  const layout = `${part.offset}+${part.filterHeight}x${part.filterWidth}x${part.channels}`;
  const panels = filter.arranged('panels', layout, padded * depth * 4, (to) => {
    const pack = module.structure('ColumnPacking', { ...part, source: filter.values(), to, columns, chunk });
    module.dispatch(kinds.packColumns, pack, padded / tile.columns, edgeTileBytes);
  });
  const [taskRows, taskColumns] = taskSizes(rows, columns, module.threads);
  const product = module.structure('Product', {
    gather: gathered,
    panels,
    output,
    rows,
    columns,
    depth,
    chunk,
    taskRows,
    taskColumns,
    ...(scatter ?? inOrder),
    ...finish,
  });
  const scratch = edgeTileBytes + 4 * taskRows * (chunk + (scatter ? taskColumns : 0));
  const tasks = Math.ceil(rows / taskRows) * Math.ceil(columns / taskColumns);
  module.dispatch(kinds.multiplyGathered, product, tasks, scratch);
}

/** A product of gathered values with the gradients of the same pixels. */
export interface FilterGradientWork {
  gathered: number;
  filterPositions: number;
  channels: number;
  gradient: number;
  output: number;
  pixels: number;
  outputs: number;
}

/** output [filterPositions, channels, outputs] = sum over pixels of gathered values times gradients. */
export function multiplyOverPixels(work: FilterGradientWork): void {
  const module = kernelModule();
  const { gathered, filterPositions, channels, gradient, output, pixels, outputs } = work;
  const perTask = Math.min(channelsPerTask, channels);
  const blocks = filterPositions * Math.ceil(channels / perTask);
  const { threads } = module;
  const parts =
    threads === 1 ? 1 : Math.min(Math.ceil((8 * threads) / blocks), Math.ceil(outputs / fewestOutputs));
  const outputsPerTask = roundUp(outputs / parts, tile.rows);
  const columns = roundUp(perTask, tile.columns);
  const scratch = headBytes + 4 * (chunkPixels * (outputsPerTask + columns) + outputsPerTask * columns);
  const structure = module.structure('FilterGradient', {
    gather: gathered,
    gradient,
    result: output,
    pixels,
    outputs,
    channelsPerTask: perTask,
    outputsPerTask,
  });
  const tasks = blocks * Math.ceil(outputs / outputsPerTask);
  module.dispatch(kinds.multiplyFilterGradient, structure, tasks, scratch);
}

/**
 * The same for a small result, and pixels for which every filter position is inside the picture: each pixel is packed once.
 * The parts, and so the order of additions, depend on the number of pixels alone.
 */
export function multiplyInParts(work: FilterGradientWork): void {
  const module = kernelModule();
  const { gathered, filterPositions, channels, gradient, output, pixels, outputs } = work;
  const parts = Math.min(mostParts, Math.ceil(pixels / chunkPixels));
  const structure = module.structure('FilterGradientParts', {
    gather: gathered,
    gradient,
    sums: module.block('filter parts', 4 * parts * filterPositions * channels * outputs),
    result: output,
    pixels,
    outputs,
    parts,
  });
  const packed = chunkPixels * (roundUp(outputs, tile.rows) + roundUp(channels, tile.columns));
  module.dispatch(kinds.sumFilterParts, structure, parts, headBytes + 4 * packed);
  module.dispatch(kinds.combineFilterParts, structure, filterPositions * channels);
}
