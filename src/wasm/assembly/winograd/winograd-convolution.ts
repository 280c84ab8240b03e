import { multiplyPositions, PositionProducts } from './winograd-products';
import { positionBytes, scratchBytes, Tiles, transformInputs, transformOutputs } from './winograd-tiles';

/** Bytes of scratch for copies of structures. */
export const structureBytes: i32 = 512;

/** A whole convolution, computed in blocks of tiles. */
@unmanaged
export class TileConvolution {
  /** Address of two {@link Tiles}, of the inputs and of the outputs. Which tiles, and their matrices, are not read. */
  transforms!: usize;
  /** Address of {@link PositionProducts}, of which the same holds. */
  products!: usize;
  /** Number of all tiles, and of those in a block. */
  tiles!: i32;
  blockTiles!: i32;
}

/**
 * Transforms, products and transforms of blocks `first` to `last - 1`: what lies between them stays in the cache of the
 * thread. Scratch: {@link scratchBytes}, {@link structureBytes}, and the matrices of both transforms.
 */
export function convolveTiles(work: TileConvolution, first: i32, last: i32, scratch: usize): void {
  const inputs = changetype<Tiles>(scratch + scratchBytes);
  const outputs = changetype<Tiles>(scratch + scratchBytes + 128);
  const products = changetype<PositionProducts>(scratch + scratchBytes + 256);
  memory.copy(changetype<usize>(inputs), work.transforms, offsetof<Tiles>());
  memory.copy(changetype<usize>(outputs), work.transforms + offsetof<Tiles>(), offsetof<Tiles>());
  memory.copy(changetype<usize>(products), work.products, offsetof<PositionProducts>());
  const side = inputs.tileSize + 2;
  const positions = side * side;
  const left = scratch + scratchBytes + structureBytes;
  for (let block = first; block < last; block++) {
    const firstTile = block * work.blockTiles;
    const tiles = min(work.blockTiles, work.tiles - firstTile);
    // Up to five rows are read after the last tile.
    const right = left + <usize>positions * positionBytes(tiles, inputs.channels) + (<usize>inputs.channels * 20);
    inputs.firstTile = firstTile;
    inputs.tiles = tiles;
    inputs.transformed = left;
    outputs.firstTile = firstTile;
    outputs.tiles = tiles;
    outputs.transformed = right;
    products.tiles = tiles;
    products.left = left;
    products.result = right;
    transformInputs(inputs, 0, tiles, scratch);
    multiplyPositions(products, 0, positions, scratch);
    transformOutputs(outputs, 0, tiles, scratch);
  }
}
