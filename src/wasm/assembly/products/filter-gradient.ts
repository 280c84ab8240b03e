import { Gather, gatherAddress } from './gather';
import { tileColumns, tileRows } from './micro-kernel';
import { multiplyPanels, edgeTileBytes } from './panels';
import { wideColumns } from './wide-micro-kernel';

/** Pixels packed at a time. */
export const chunkPixels: i32 = 192;
/** Bytes of scratch for an edge tile and for two `Gather` structures of the thread. */
export const headBytes: usize = 512;

/** Gradient of a filter: for each filter position, the sum over all pixels of input values times output gradients. */
@unmanaged
export class FilterGradient {
  /** Address of a {@link Gather}: rows are output pixels, channels are those of the input. */
  gather!: usize;
  /** Gradient of the output, [pixels, outputs]. */
  gradient!: usize;
  /** Result, [filter positions, channels, outputs]. */
  result!: usize;
  pixels!: i32;
  outputs!: i32;
  /** Input channels per task. Tasks are ordered by filter position, then by channel, then by output. */
  channelsPerTask!: i32;
  /** Outputs per task, a multiple of the rows of a tile. */
  outputsPerTask!: i32;
}

/**
 * Computes tasks `first` to `last - 1`.
 *
 * Outputs are the six rows of a tile and input channels its eight columns, because the channels of a pixel are contiguous
 * in memory. The result is transposed at the end. Pixels for which the filter position falls outside the picture are
 * skipped; in small pictures these are the majority.
 *
 * @param scratch - {@link headBytes}, then `chunkPixels` addresses, then `(chunkPixels + channelsPerTask) * outputsPerTask` and
 * `chunkPixels * channelsPerTask` values, each rounded up to whole panels.
 */
export function multiplyFilterGradient(work: FilterGradient, first: i32, last: i32, scratch: usize): void {
  const gather = changetype<Gather>(work.gather);
  const outputs = work.outputs;
  const pictures = work.pixels / (gather.outHeight * gather.outWidth);
  const channelTasks = (gather.channels + work.channelsPerTask - 1) / work.channelsPerTask;
  const outputTasks = (outputs + work.outputsPerTask - 1) / work.outputsPerTask;
  const edgeTile = scratch;
  const inputs = changetype<Gather>(scratch + edgeTileBytes);
  const gradients = changetype<Gather>(scratch + edgeTileBytes + 64);
  const addresses = scratch + headBytes;
  const packedOutputs = addresses + ((<usize>chunkPixels) << 2);
  const packedInputs = packedOutputs + ((<usize>(work.outputsPerTask * chunkPixels)) << 2);
  const paddedChannels = ((work.channelsPerTask + tileColumns - 1) / tileColumns) * tileColumns;
  const sums = packedInputs + ((<usize>(paddedChannels * chunkPixels)) << 2);
  memory.copy(changetype<usize>(inputs), work.gather, offsetof<Gather>());
  memory.copy(changetype<usize>(gradients), work.gather, offsetof<Gather>());
  gradients.source = work.gradient;
  gradients.height = gather.outHeight;
  gradients.width = gather.outWidth;
  gradients.pixelStride = outputs;
  gradients.strideHeight = 1;
  gradients.strideWidth = 1;
  for (let task = first; task < last; task++) {
    const block = task / outputTasks;
    const output = (task - block * outputTasks) * work.outputsPerTask;
    const outputsOfTask = min(work.outputsPerTask, outputs - output);
    const filterPosition = block / channelTasks;
    const channel = (block - filterPosition * channelTasks) * work.channelsPerTask;
    const channels = min(work.channelsPerTask, gather.channels - channel);
    const filterY = filterPosition / gather.filterWidth;
    const filterX = filterPosition - filterY * gather.filterWidth;
    const result = work.result + ((<usize>((filterPosition * gather.channels + channel) * outputs + output)) << 2);
    // The output pixels for which this filter position falls inside the picture.
    const top = firstInside(gather.offsetY + filterY * gather.dilationHeight, gather.strideHeight);
    const left = firstInside(gather.offsetX + filterX * gather.dilationWidth, gather.strideWidth);
    const bottom = min(
      gather.outHeight,
      firstInside(gather.offsetY + filterY * gather.dilationHeight - gather.height, gather.strideHeight),
    );
    const right = min(
      gather.outWidth,
      firstInside(gather.offsetX + filterX * gather.dilationWidth - gather.width, gather.strideWidth),
    );
    if (bottom <= top || right <= left) {
      for (let row = 0; row < channels; row++) {
        memory.fill(result + ((<usize>(row * outputs)) << 2), 0, (<usize>outputsOfTask) << 2);
      }
      continue;
    }
    inputs.outHeight = bottom - top;
    inputs.outWidth = right - left;
    inputs.offsetY = gather.offsetY + top * gather.strideHeight;
    inputs.offsetX = gather.offsetX + left * gather.strideWidth;
    gradients.outHeight = inputs.outHeight;
    gradients.outWidth = inputs.outWidth;
    gradients.offsetY = top;
    gradients.offsetX = left;
    const pixels = pictures * inputs.outHeight * inputs.outWidth;
    for (let pixel = 0; pixel < pixels; pixel += chunkPixels) {
      const length = min(chunkPixels, pixels - pixel);
      listAddresses(gradients, pixel, length, 0, 0, addresses);
      packOutputs(addresses, length, output, outputsOfTask, packedOutputs);
      listAddresses(inputs, pixel, length, filterY, filterX, addresses);
      packInputs(addresses, length, channel, channels, packedInputs);
      multiplyPanels(
        packedOutputs,
        packedInputs,
        length,
        sums,
        (<usize>channels) << 2,
        pixel > 0,
        outputsOfTask,
        channels,
        edgeTile,
      );
    }
    transpose(sums, channels, outputsOfTask, result, (<usize>outputs) << 2);
  }
}

/** The smallest i >= 0 with i * step + offset >= 0. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function firstInside(offset: i32, step: i32): i32 {
  return offset >= 0 ? 0 : (step - 1 - offset) / step;
}

/**
 * Writes the addresses of pixels `first` to `first + length - 1` at a filter position that is inside the picture for all of
 * them. Divides once per row of pixels: a division takes as long as several vectors.
 */
export function listAddresses(gather: Gather, first: i32, length: i32, filterY: i32, filterX: i32, to: usize): void {
  const step = <usize>(gather.strideWidth * gather.pixelStride) << 2;
  let column = first % gather.outWidth;
  for (let k = 0; k < length; column = 0) {
    let address = gatherAddress(gather, first + k, filterY, filterX);
    const stop = min(length, k + gather.outWidth - column);
    for (; k < stop; k++) {
      store<usize>(to, address);
      address += step;
      to += 4;
    }
  }
}

/** Packs panels of 6 outputs, from `begin` on: the 6 gradients of each pixel are contiguous. */
export function packOutputs(addresses: usize, length: i32, begin: i32, outputs: i32, to: usize): void {
  const end = addresses + ((<usize>length) << 2);
  for (let output = 0; output < outputs; output += tileRows) {
    const skip = (<usize>(begin + output)) << 2;
    const present = outputs - output;
    if (present >= tileRows) {
      for (let address = addresses; address < end; address += 4) {
        const at = load<usize>(address) + skip;
        v128.store(to, v128.load(at));
        store<u64>(to, load<u64>(at, 16), 16);
        to += 24;
      }
    } else {
      for (let address = addresses; address < end; address += 4) {
        const at = load<usize>(address) + skip;
        for (let i = 0; i < tileRows; i++) {
          store<f32>(to + ((<usize>i) << 2), i < present ? load<f32>(at + ((<usize>i) << 2)) : 0);
        }
        to += 24;
      }
    }
  }
}

/** Packs panels of input channels at one filter position: the channels of a panel are contiguous for each pixel. */
export function packInputs(addresses: usize, length: i32, channel: i32, channels: i32, to: usize): void {
  const panelBytes = (<usize>(length * tileColumns)) << 2;
  const wide = WIDE ? channels & ~(wideColumns - 1) : 0;
  const whole = channels & ~(tileColumns - 1);
  for (let k = 0; k < length; k++) {
    const from = load<usize>(addresses + ((<usize>k) << 2)) + ((<usize>channel) << 2);
    if (WIDE) {
      let at = to + ((<usize>(k * wideColumns)) << 2);
      for (let c = 0; c < wide; c += wideColumns) {
        const source = from + ((<usize>c) << 2);
        const low = v128.load(source);
        const high = v128.load(source, 16);
        v128.store(at, low);
        v128.store(at, high, 16);
        const low2 = v128.load(source, 32);
        const high2 = v128.load(source, 48);
        v128.store(at, low2, 32);
        v128.store(at, high2, 48);
        at += 2 * panelBytes;
      }
    }
    let at = to + ((<usize>(wide * length + k * tileColumns)) << 2);
    for (let c = wide; c < whole; c += tileColumns) {
      const source = from + ((<usize>c) << 2);
      v128.store(at, v128.load(source));
      v128.store(at, v128.load(source, 16), 16);
      at += panelBytes;
    }
    if (whole < channels) {
      // Reads up to seven values too many, which give columns that nobody keeps. Behind the last block of the memory the
      // allocator has records of its own.
      const source = from + ((<usize>whole) << 2);
      v128.store(at, v128.load(source));
      v128.store(at, v128.load(source, 16), 16);
    }
  }
}

/** [outputs, channels] to [channels, outputs], whose rows are `step` bytes apart. */
function transpose(from: usize, channels: i32, outputs: i32, to: usize, step: usize): void {
  for (let channel = 0; channel < channels; channel++, to += step) {
    for (let output = 0; output < outputs; output++) {
      store<f32>(to + ((<usize>output) << 2), load<f32>(from + ((<usize>(output * channels + channel)) << 2)));
    }
  }
}
