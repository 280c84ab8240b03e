import { chunkPixels, headBytes, listAddresses, packInputs, packOutputs } from './filter-gradient';
import { Gather } from './gather';
import { tileColumns, tileRows } from './micro-kernel';
import { edgeTileBytes, multiplyPanels } from './panels';

/**
 * Gradient of a small filter whose positions are all inside the picture for every pixel. The pixels are divided into parts,
 * so that output gradients are read and packed once for all filter positions.
 */
@unmanaged
export class FilterGradientParts {
  /** Address of a {@link Gather}: rows are output pixels, channels are those of the input. */
  gather!: usize;
  /** Gradient of the output, [pixels, outputs]. */
  gradient!: usize;
  /** The sum of each part, [parts, filter positions, outputs, channels]. */
  sums!: usize;
  /** Result, [filter positions, channels, outputs]. */
  result!: usize;
  pixels!: i32;
  outputs!: i32;
  parts!: i32;
}

/**
 * Parts `first` to `last - 1` of the pixels.
 *
 * @param scratch - As that of multiplyFilterGradient, with all outputs and channels in one task, without the sums.
 */
export function sumFilterParts(work: FilterGradientParts, first: i32, last: i32, scratch: usize): void {
  const gather = changetype<Gather>(work.gather);
  const outputs = work.outputs;
  const channels = gather.channels;
  const positions = gather.filterHeight * gather.filterWidth;
  const addresses = scratch + headBytes;
  const packedOutputs = addresses + (<usize>chunkPixels << 2);
  const rows = ((outputs + tileRows - 1) / tileRows) * tileRows;
  const packedInputs = packedOutputs + (<usize>(rows * chunkPixels) << 2);
  const chunks = (work.pixels + chunkPixels - 1) / chunkPixels;
  const bytes = <usize>(outputs * channels) << 2;
  for (let part = first; part < last; part++) {
    const begin = <i32>((<i64>chunks * part) / work.parts) * chunkPixels;
    const end = min(work.pixels, <i32>((<i64>chunks * (part + 1)) / work.parts) * chunkPixels);
    const sums = work.sums + <usize>(part * positions) * bytes;
    for (let pixel = begin; pixel < end; pixel += chunkPixels) {
      const length = min(chunkPixels, end - pixel);
      for (let k = 0; k < length; k++) {
        store<usize>(addresses + (<usize>k << 2), work.gradient + (<usize>((pixel + k) * outputs) << 2));
      }
      packOutputs(addresses, length, 0, outputs, packedOutputs);
      for (let position = 0; position < positions; position++) {
        const filterY = position / gather.filterWidth;
        listAddresses(gather, pixel, length, filterY, position - filterY * gather.filterWidth, addresses);
        packInputs(addresses, length, 0, channels, packedInputs);
        multiplyPanels(
          packedOutputs,
          packedInputs,
          length,
          sums + <usize>position * bytes,
          <usize>channels << 2,
          pixel > begin,
          outputs,
          channels,
          scratch,
        );
      }
    }
  }
}

/** Adds the parts, in their order. Task `task` is a channel at a filter position: `channels` tasks for each position. */
export function combineFilterParts(work: FilterGradientParts, first: i32, last: i32): void {
  const gather = changetype<Gather>(work.gather);
  const channels = gather.channels;
  const outputs = work.outputs;
  const size = <usize>(outputs * channels) << 2;
  const step = <usize>(gather.filterHeight * gather.filterWidth) * size;
  for (let task = first; task < last; task++) {
    const position = task / channels;
    const channel = task - position * channels;
    const sums = work.sums + <usize>position * size + (<usize>channel << 2);
    let to = work.result + (<usize>(task * outputs) << 2);
    for (let output = 0; output < outputs; output++, to += 4) {
      let from = sums + (<usize>(output * channels) << 2);
      let sum: f32 = 0;
      for (let part = 0; part < work.parts; part++, from += step) sum += load<f32>(from);
      store<f32>(to, sum);
    }
  }
}
