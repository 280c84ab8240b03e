import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds } from '../../module/kernel-module.js';
import { addressOf, makeOutput } from '../../module/tensor-address.js';
import { productsOf } from './border-regions.js';

type Info = backend_util.Conv2DInfo;

const { placePadding, scratchBytes } = constants['winograd-tiles'];
/** Height and width of the outputs of a tile: the kernels have transforms for these. */
const tileSizes = [4, 3] as const;

/**
 * Bytes of transformed tiles that are worked on at once: what lies between the transforms and the products then stays
 * in the last cache, and memory does not grow with the batch.
 */
const groupBytes = 8 * 2 ** 20;
const leastTilesOfGroup = 96;
/** A product takes six rows at a time: of the last ones as many as this lie beyond the last tile. */
const rowsBeyond = constants['micro-kernel'].tileRows - 1;

/** What a transformed tile costs beside its products, as a share of them; and a filter's transform, in products. */
const tileOverhead = 0.25;
const filterOverhead = 150;

/** Whether a convolution is 3x3 with stride 1, its channels fill vectors, and the transforms pay. */
export function suitsWinograd(info: Info): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, inChannels, outChannels } = info;
  if (filterHeight !== 3 || filterWidth !== 3 || strideHeight !== 1 || strideWidth !== 1) return false;
  if (inChannels % 8 !== 0 || outChannels % 8 !== 0 || inChannels < 16 || outChannels < 16) return false;
  // Products for each pair of channels: small maps fill their tiles badly, and have many taps beyond the border.
  const axis = (grid: number, padding: number) => ({
    grid,
    rowStep: 1,
    origin: -padding,
    tapStep: 1,
    taps: 3,
  });
  const { top, left } = info.padInfo;
  const direct = productsOf(
    [axis(info.outHeight, top), axis(info.outWidth, left)],
    [info.inHeight, info.inWidth],
    info.batchSize,
  );
  const { places, total } = gridOf(info.batchSize, info.outHeight, info.outWidth);
  return places * total * (1 + tileOverhead) + filterOverhead < direct;
}

/** A tensor of pictures that tiles are cut from or written to. */
interface Pictures {
  address: number;
  height: number;
  width: number;
  channels: number;
}

interface Grid {
  /** Height and width of a tile's output. */
  size: number;
  /** Places of a transformed tile. */
  places: number;
  tilesY: number;
  tilesX: number;
  total: number;
}

/** The tiles that take the fewest products: 4x4 for most maps, 3x3 for maps such as 6x6. */
function gridOf(pictures: number, height: number, width: number): Grid {
  const [first, second] = tileSizes.map((size): Grid => {
    const [tilesY, tilesX] = [Math.ceil(height / size), Math.ceil(width / size)];
    return { size, places: (size + 2) ** 2, tilesY, tilesX, total: pictures * tilesY * tilesX };
  }) as [Grid, Grid];
  return second.places * second.total < first.places * first.total ? second : first;
}

/** Runs `body` for groups of tiles that fit the cache together. */
function forGroups(grid: Grid, channels: number, body: (first: number, count: number) => void): void {
  const fitting = Math.floor(groupBytes / (grid.places * 4 * channels));
  const size = Math.max(fitting, leastTilesOfGroup);
  // Groups of equal size rather than a small last one.
  const groups = Math.ceil(grid.total / size);
  for (let group = 0, first = 0; group < groups; group++) {
    const end = Math.round((grid.total * (group + 1)) / groups);
    body(first, end - first);
    first = end;
  }
}

interface TileWork {
  kind: number;
  pictures: Pictures;
  transformed: number;
  grid: Grid;
  first: number;
  count: number;
  padTop?: number;
  padLeft?: number;
}

function transformTiles({
  kind,
  pictures,
  transformed,
  grid,
  first,
  count,
  padTop = 0,
  padLeft = 0,
}: TileWork): void {
  const module = kernelModule();
  const { address, height, width, channels } = pictures;
  const work = module.structure('Tiles', {
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
    zeros: module.zeros(channels * 4),
    size: grid.size,
  });
  module.dispatch(kind, work, count, scratchBytes);
}

/** Bytes of all places of `rows` transformed tiles, or of a transformed filter with `rows` inputs. */
const placesBytes = (places: number, rows: number, channels: number) =>
  places * (rows * channels * 4 + placePadding);

/** Working memory for `count` transformed tiles. */
function transformedBlock(name: string, places: number, count: number, channels: number): number {
  return kernelModule().block(name, placesBytes(places, count, channels) + rowsBeyond * channels * 4);
}

/**
 * The convolution (`'forward'`: of the input with the filter) or its gradient for the input (`'backward'`: of the
 * output's gradient with the turned filter).
 */
export function winogradConvolution(
  source: TensorInfo,
  filter: TensorInfo,
  info: Info,
  direction: 'forward' | 'backward',
): TensorInfo {
  const module = kernelModule();
  const forward = direction === 'forward';
  const output = makeOutput(forward ? info.outShape : info.inShape);
  const input = { height: info.inHeight, width: info.inWidth, channels: info.inChannels };
  const result = { height: info.outHeight, width: info.outWidth, channels: info.outChannels };
  const from: Pictures = { address: addressOf(source), ...(forward ? input : result) };
  const to: Pictures = { address: addressOf(output), ...(forward ? result : input) };
  const { top, left } = info.padInfo;
  const [padTop, padLeft] = forward ? [top, left] : [2 - top, 2 - left];

  const grid = gridOf(info.batchSize, to.height, to.width);
  const { places, size } = grid;
  const filters = module.block('winogradFilters', placesBytes(places, from.channels, to.channels));
  const filterWork = module.structure('Filters', {
    filter: addressOf(filter),
    transformed: filters,
    inputs: info.inChannels,
    outputs: info.outChannels,
    turned: forward ? 0 : 1,
    size,
  });
  module.dispatch(kinds.transformFilters, filterWork, from.channels / 4, scratchBytes);
  forGroups(grid, from.channels + to.channels, (first, count) => {
    const left = transformedBlock('winogradLeft', places, count, from.channels);
    const products = transformedBlock('winogradRight', places, count, to.channels);
    const group = { grid, first, count };
    transformTiles({
      ...group,
      kind: kinds.transformInputs,
      pictures: from,
      transformed: left,
      padTop,
      padLeft,
    });
    const work = module.structure('PlaceProducts', {
      left,
      right: filters,
      result: products,
      tiles: count,
      depth: from.channels,
      columns: to.channels,
      accumulate: 0,
    });
    module.dispatch(kinds.multiplyPlaces, work, places, scratchBytes);
    transformTiles({ ...group, kind: kinds.transformOutputs, pictures: to, transformed: products });
  });
  return output;
}

/** The gradient of the convolution for its filter. */
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
  const { places, size } = grid;
  const sums = module.block('winogradFilters', placesBytes(places, inChannels, outChannels));
  forGroups(grid, inChannels + outChannels, (first, count) => {
    const left = transformedBlock('winogradLeft', places, count, inChannels);
    const right = transformedBlock('winogradRight', places, count, outChannels);
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
    const work = module.structure('PlaceProducts', {
      left,
      right,
      result: sums,
      tiles: count,
      depth: inChannels,
      columns: outChannels,
      accumulate: first > 0 ? 1 : 0,
    });
    module.dispatch(kinds.sumPlaces, work, places, scratchBytes);
  });
  const work = module.structure('Filters', {
    filter: addressOf(output),
    transformed: sums,
    inputs: inChannels,
    outputs: outChannels,
    turned: 0,
    size,
  });
  module.dispatch(kinds.transformFilterGradients, work, outChannels / 4, scratchBytes);
  return output;
}
