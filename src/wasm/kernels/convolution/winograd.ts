import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { constants, type Fields, kernelModule, kinds } from '../../module/kernel-module.js';
import { addressOf, makeOutput } from '../../module/tensor-address.js';
import { multiplicationsOf } from './border-regions.js';
import { type Filter, type Finish, noFinish } from './filter.js';
import { roundUp } from './gathered-product.js';

type Info = backend_util.Conv2DInfo;

const { positionPadding, scratchBytes } = constants['winograd-tiles'];
const { structureBytes } = constants['winograd-convolution'];
/** Heights and widths of a tile's output for which there are transforms. */
const tileSizes = [4, 3] as const;

/**
 * Bytes of transformed tiles per group: they stay in the last-level cache between transforms and products, and memory does
 * not grow with the batch.
 */
const groupBytes = 8 * 2 ** 20;
const minTilesPerGroup = 96;
/** A product reads six rows at a time, and so at most this many after the last tile. */
const slackRows = constants['micro-kernel'].tileRows - 1;

/** Bytes of both transforms of a block of tiles: with the filter that passes through, they stay in a core's own cache. */
const blockBytes = 640 * 2 ** 10;
/** Every block reads the whole filter, so smaller blocks do not pay, */
const minBlockTiles = 24;
/** nor does a larger transformed filter. */
const maxFilterBytes = 8 * 2 ** 20;
/** Fewer blocks per thread do not keep all of them busy until the end. */
const minBlocksPerThread = 4;

/** Tasks that keep threads busy until the end. */
const tasksPerThread = 8;
/** Columns of a panel in the wide build: tasks have the same in both. */
const columnUnit = 16;

/** Cost of transforming a tile, as a share of its products; and of transforming a filter, in products. */
const tileOverhead = 0.25;
const filterOverhead = 150;

/** Whether a convolution is 3x3 with stride 1, has enough channels, and takes fewer products with Winograd's algorithm. */
export function suitsWinograd(info: Info): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, inChannels, outChannels } = info;
  if (filterHeight !== 3 || filterWidth !== 3 || strideHeight !== 1 || strideWidth !== 1) return false;
  if (inChannels % 8 !== 0 || outChannels % 8 !== 0 || inChannels < 16 || outChannels < 16) return false;
  // Per pair of channels. Small maps cover their tiles badly, and direct convolution skips much of their border.
  const axis = (outSize: number, padding: number) => ({
    outSize,
    stride: 1,
    offset: -padding,
    dilation: 1,
    filterSize: 3,
  });
  const { top, left } = info.padInfo;
  const direct = multiplicationsOf(
    [axis(info.outHeight, top), axis(info.outWidth, left)],
    [info.inHeight, info.inWidth],
    info.batchSize,
  );
  const { positions, total } = gridOf(info.batchSize, info.outHeight, info.outWidth);
  return positions * total * (1 + tileOverhead) + filterOverhead < direct;
}

/** A tensor of pictures that tiles are read from or written to. */
interface Pictures {
  address: number;
  height: number;
  width: number;
  channels: number;
}

interface Grid {
  /** Height and width of a tile's output. */
  tileSize: number;
  /** Values of a transformed tile, per channel. */
  positions: number;
  tilesY: number;
  tilesX: number;
  /** Tiles of all pictures. */
  total: number;
}

/** The tiling with the fewest products: tiles of 4x4 for most maps, of 3x3 for maps such as 6x6. */
function gridOf(pictures: number, height: number, width: number): Grid {
  const [first, second] = tileSizes.map((size): Grid => {
    const [tilesY, tilesX] = [Math.ceil(height / size), Math.ceil(width / size)];
    return { tileSize: size, positions: (size + 2) ** 2, tilesY, tilesX, total: pictures * tilesY * tilesX };
  }) as [Grid, Grid];
  return second.positions * second.total < first.positions * first.total ? second : first;
}

/** Runs `body` for groups of tiles that fit into the cache. */
function forGroups(grid: Grid, channels: number, body: (first: number, count: number) => void): void {
  const fitting = Math.floor(groupBytes / (grid.positions * 4 * channels));
  const size = Math.max(fitting, minTilesPerGroup);
  // Groups of equal size rather than a small last one.
  const groups = Math.ceil(grid.total / size);
  for (let group = 0, first = 0; group < groups; group++) {
    const end = Math.round((grid.total * (group + 1)) / groups);
    body(first, end - first);
    first = end;
  }
}

/** Tiles of pictures per block, if a convolution is computed block by block rather than position by position. */
function blockTilesOf({ positions, total }: Grid, inputs: number, outputs: number): number | undefined {
  const fitting = Math.floor(blockBytes / (positions * 4 * (inputs + outputs)));
  const size = Math.max(minBlockTiles, fitting - (fitting % constants['micro-kernel'].tileRows));
  const minBlocks = minBlocksPerThread * kernelModule().threads;
  const suits = positions * inputs * outputs * 4 <= maxFilterBytes && total >= minBlocks * size;
  return suits ? size : undefined;
}

/** The tasks of the products at all positions: one for each, more where that leaves threads without any. */
function positionTasks(positions: number, columns: number): { taskColumns: number; tasks: number } {
  const { threads } = kernelModule();
  const wanted = threads === 1 ? 1 : tasksPerThread * threads;
  const parts = Math.min(Math.ceil(wanted / positions), Math.max(1, Math.floor(columns / columnUnit)));
  const taskColumns = roundUp(columns / parts, columnUnit);
  return { taskColumns, tasks: positions * Math.ceil(columns / taskColumns) };
}

interface TileWork {
  pictures: Pictures;
  transformed: number;
  grid: Grid;
  first: number;
  count: number;
  padTop?: number;
  padLeft?: number;
  finish?: Finish;
}

function tilesOf(work: TileWork): Fields<'Tiles'> {
  const { pictures, transformed, grid, first, count, padTop = 0, padLeft = 0, finish = noFinish } = work;
  const { address, height, width, channels } = pictures;
  return {
    tensor: address,
    transformed,
    height,
    width,
    channels,
    tilesY: grid.tilesY,
    tilesX: grid.tilesX,
    firstTile: first,
    tiles: count,
    padTop,
    padLeft,
    zeros: kernelModule().zeros(channels * 4),
    tileSize: grid.tileSize,
    ...finish,
  };
}

function transformTiles({ kind, ...work }: TileWork & { kind: number }): void {
  const module = kernelModule();
  module.dispatch(kind, module.structure('Tiles', tilesOf(work)), work.count, scratchBytes);
}

/** Bytes of `rows` transformed tiles, or of a transformed filter with `rows` inputs. */
const positionsBytes = (positions: number, rows: number, channels: number) =>
  positions * (rows * channels * 4 + positionPadding);

/** Working memory for `count` transformed tiles. */
function transformedBlock(name: string, positions: number, count: number, channels: number): number {
  return kernelModule().block(name, positionsBytes(positions, count, channels) + slackRows * channels * 4);
}

/**
 * The convolution (`'forward'`), or the gradient of its input (`'backward'`), which convolves the gradient of the output with
 * the rotated filter.
 */
export function winogradConvolution(
  source: TensorInfo,
  filter: Filter,
  info: Info,
  direction: 'forward' | 'backward',
  output: TensorInfo,
  finish = noFinish,
): void {
  const module = kernelModule();
  const forward = direction === 'forward';
  const input = { height: info.inHeight, width: info.inWidth, channels: info.inChannels };
  const result = { height: info.outHeight, width: info.outWidth, channels: info.outChannels };
  const from: Pictures = { address: addressOf(source), ...(forward ? input : result) };
  const to: Pictures = { address: addressOf(output), ...(forward ? result : input) };
  const { top, left } = info.padInfo;
  const [padTop, padLeft] = forward ? [top, left] : [2 - top, 2 - left];

  const grid = gridOf(info.batchSize, to.height, to.width);
  const { positions, tileSize } = grid;
  const filterBytes = positionsBytes(positions, from.channels, to.channels);
  const filters = filter.arranged('winogradFilters', `${tileSize}`, filterBytes, (transformed) => {
    const work = module.structure('Filters', {
      filter: filter.values(),
      transformed,
      inputs: info.inChannels,
      outputs: info.outChannels,
      rotated: forward ? 0 : 1,
      tileSize,
    });
    module.dispatch(kinds.transformFilters, work, from.channels / 4, scratchBytes);
  });
  const blockTiles = blockTilesOf(grid, from.channels, to.channels);
  if (blockTiles !== undefined) {
    module.zeros(Math.max(from.channels, to.channels) * 4); // both structures hold the address of the zeros
    const all = { grid, transformed: 0, first: 0, count: grid.total };
    const work = module.structure('TileConvolution', {
      transforms: module.structures('Tiles', [
        tilesOf({ ...all, pictures: from, padTop, padLeft }),
        tilesOf({ ...all, pictures: to, finish }),
      ]),
      products: module.structure('PositionProducts', {
        left: 0,
        right: filters,
        result: 0,
        tiles: 0,
        depth: from.channels,
        columns: to.channels,
        accumulate: 0,
        taskColumns: roundUp(to.channels, columnUnit),
      }),
      tiles: grid.total,
      blockTiles,
    });
    const matrices =
      positionsBytes(positions, blockTiles, from.channels) +
      slackRows * from.channels * 4 +
      positionsBytes(positions, blockTiles, to.channels);
    const blocks = Math.ceil(grid.total / blockTiles);
    module.dispatch(kinds.convolveTiles, work, blocks, scratchBytes + structureBytes + matrices);
    return;
  }
  const { taskColumns, tasks } = positionTasks(positions, to.channels);
  forGroups(grid, from.channels + to.channels, (first, count) => {
    const left = transformedBlock('winogradLeft', positions, count, from.channels);
    const products = transformedBlock('winogradRight', positions, count, to.channels);
    const group = { grid, first, count };
    transformTiles({
      ...group,
      kind: kinds.transformInputs,
      pictures: from,
      transformed: left,
      padTop,
      padLeft,
    });
    const work = module.structure('PositionProducts', {
      left,
      right: filters,
      result: products,
      tiles: count,
      depth: from.channels,
      columns: to.channels,
      accumulate: 0,
      taskColumns,
    });
    module.dispatch(kinds.multiplyPositions, work, tasks, scratchBytes);
    transformTiles({ ...group, kind: kinds.transformOutputs, pictures: to, transformed: products, finish });
  });
}

/** The gradient of the filter. */
export function winogradFilterGradient(x: TensorInfo, dy: TensorInfo, info: Info): TensorInfo {
  const module = kernelModule();
  const output = makeOutput(info.filterShape);
  const { inChannels, outChannels, padInfo } = info;
  const input: Pictures = {
    address: addressOf(x),
    height: info.inHeight,
    width: info.inWidth,
    channels: inChannels,
  };
  const gradient: Pictures = {
    address: addressOf(dy),
    height: info.outHeight,
    width: info.outWidth,
    channels: outChannels,
  };
  const grid = gridOf(info.batchSize, info.outHeight, info.outWidth);
  const { positions, tileSize } = grid;
  const sums = module.block('winogradFilters', positionsBytes(positions, inChannels, outChannels));
  const { taskColumns, tasks } = positionTasks(positions, inChannels);
  forGroups(grid, inChannels + outChannels, (first, count) => {
    const left = transformedBlock('winogradLeft', positions, count, inChannels);
    const right = transformedBlock('winogradRight', positions, count, outChannels);
    const group = { grid, first, count };
    const { top: padTop, left: padLeft } = padInfo;
    transformTiles({
      ...group,
      kind: kinds.transformInputs,
      pictures: input,
      transformed: left,
      padTop,
      padLeft,
    });
    transformTiles({ ...group, kind: kinds.transformGradients, pictures: gradient, transformed: right });
    const work = module.structure('PositionProducts', {
      left,
      right,
      result: sums,
      tiles: count,
      depth: inChannels,
      columns: outChannels,
      accumulate: first > 0 ? 1 : 0,
      taskColumns,
    });
    module.dispatch(kinds.sumPositions, work, tasks, scratchBytes);
  });
  const work = module.structure('Filters', {
    filter: addressOf(output),
    transformed: sums,
    inputs: inChannels,
    outputs: outChannels,
    rotated: 0,
    tileSize,
  });
  module.dispatch(kinds.transformFilterGradients, work, outChannels / 4, scratchBytes);
  return output;
}
