import { Gather, gatherAddress } from './gather';
import { tileColumns, tileRows } from './micro-kernel';
import { multiplyPanels, spareBytes } from './panels';
import { wideColumns } from './wide-micro-kernel';

/** Pixels that are packed at once. */
const chunkPixels: i32 = 192;
/** Bytes of scratch for a spare tile and two gathers of the thread's own. */
const headBytes: usize = 512;

/** The sum over all pixels of the products of a tap's input values and the output's gradient. */
@unmanaged
export class FilterGradient {
  /** Address of a {@link Gather}: rows are the output's pixels, taps those of the filter, channels the input's. */
  gather!: usize;
  /** Gradient of the output, [pixels, outputs]. */
  gradient!: usize;
  /** Result, [taps, channels, outputs]. */
  result!: usize;
  pixels!: i32;
  outputs!: i32;
  /** Input channels of a task; tasks go through the channels of a tap, then to the next tap. */
  channelsPerTask!: i32;
}

/**
 * Computes tasks `first` to `last - 1`.
 *
 * The outputs take the six rows of a tile and the input channels its eight columns, for their values lie side by
 * side in memory already; the result is turned when it is done. Pixels at which a tap lies beyond the border are left
 * out: of small pictures they are the most.
 *
 * @param scratch - 512 bytes, `chunkPixels` addresses, then room for `(chunkPixels + channelsPerTask) * outputs` and
 * `chunkPixels * channelsPerTask` values, each rounded up to whole panels.
 */
export function multiplyFilterGradient(work: FilterGradient, first: i32, last: i32, scratch: usize): void {
  const gather = changetype<Gather>(work.gather);
  const outputs = work.outputs;
  const pictures = work.pixels / (gather.gridHeight * gather.gridWidth);
  const tasksPerTap = (gather.channels + work.channelsPerTask - 1) / work.channelsPerTask;
  const rowPanels = (outputs + tileRows - 1) / tileRows;
  const spare = scratch;
  const inputs = changetype<Gather>(scratch + spareBytes);
  const gradients = changetype<Gather>(scratch + spareBytes + 64);
  const addresses = scratch + headBytes;
  const packedOutputs = addresses + ((<usize>chunkPixels) << 2);
  const packedInputs = packedOutputs + ((<usize>(rowPanels * tileRows * chunkPixels)) << 2);
  const paddedChannels = ((work.channelsPerTask + tileColumns - 1) / tileColumns) * tileColumns;
  const sums = packedInputs + ((<usize>(paddedChannels * chunkPixels)) << 2);
  memory.copy(changetype<usize>(inputs), work.gather, offsetof<Gather>());
  memory.copy(changetype<usize>(gradients), work.gather, offsetof<Gather>());
  gradients.source = work.gradient;
  gradients.height = gather.gridHeight;
  gradients.width = gather.gridWidth;
  gradients.pixelStride = outputs;
  gradients.rowStepY = 1;
  gradients.rowStepX = 1;
  for (let task = first; task < last; task++) {
    const tap = task / tasksPerTap;
    const channel = (task - tap * tasksPerTap) * work.channelsPerTask;
    const channels = min(work.channelsPerTask, gather.channels - channel);
    const ty = tap / gather.tapsX;
    const tx = tap - ty * gather.tapsX;
    const result = work.result + ((<usize>((tap * gather.channels + channel) * outputs)) << 2);
    // The part of the grid at which the tap lies inside the picture.
    const top = firstInside(gather.originY + ty * gather.tapStepY, gather.rowStepY);
    const left = firstInside(gather.originX + tx * gather.tapStepX, gather.rowStepX);
    const bottom = min(
      gather.gridHeight,
      firstInside(gather.originY + ty * gather.tapStepY - gather.height, gather.rowStepY),
    );
    const right = min(
      gather.gridWidth,
      firstInside(gather.originX + tx * gather.tapStepX - gather.width, gather.rowStepX),
    );
    if (bottom <= top || right <= left) {
      memory.fill(result, 0, (<usize>(channels * outputs)) << 2);
      continue;
    }
    inputs.gridHeight = bottom - top;
    inputs.gridWidth = right - left;
    inputs.originY = gather.originY + top * gather.rowStepY;
    inputs.originX = gather.originX + left * gather.rowStepX;
    gradients.gridHeight = inputs.gridHeight;
    gradients.gridWidth = inputs.gridWidth;
    gradients.originY = top;
    gradients.originX = left;
    const pixels = pictures * inputs.gridHeight * inputs.gridWidth;
    for (let pixel = 0; pixel < pixels; pixel += chunkPixels) {
      const length = min(chunkPixels, pixels - pixel);
      for (let k = 0; k < length; k++) {
        store<usize>(addresses + ((<usize>k) << 2), gatherAddress(gradients, pixel + k, 0, 0));
      }
      packOutputs(addresses, length, outputs, packedOutputs);
      packInputs(inputs, pixel, length, ty, tx, channel, channels, packedInputs);
      multiplyPanels(
        packedOutputs,
        packedInputs,
        length,
        sums,
        (<usize>channels) << 2,
        pixel > 0,
        outputs,
        channels,
        spare,
      );
    }
    turn(sums, channels, outputs, result);
  }
}

/** The first place of a grid of so many pixels a step whose pixel, `offset` beyond, is not below 0. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function firstInside(offset: i32, step: i32): i32 {
  return offset >= 0 ? 0 : (step - 1 - offset) / step;
}

/** Panels of 6 outputs: for each pixel the 6 side by side. */
function packOutputs(addresses: usize, length: i32, outputs: i32, to: usize): void {
  const end = addresses + ((<usize>length) << 2);
  for (let output = 0; output < outputs; output += tileRows) {
    const skip = (<usize>output) << 2;
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

/** Panels of input channels at a tap: for each pixel those of a panel side by side. */
function packInputs(
  gather: Gather,
  first: i32,
  length: i32,
  ty: i32,
  tx: i32,
  channel: i32,
  channels: i32,
  to: usize,
): void {
  const panelBytes = (<usize>(length * tileColumns)) << 2;
  const wide = WIDE ? channels & ~(wideColumns - 1) : 0;
  const whole = channels & ~(tileColumns - 1);
  for (let k = 0; k < length; k++) {
    const from = gatherAddress(gather, first + k, ty, tx) + ((<usize>channel) << 2);
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
    for (let c = whole; c < channels; c += tileColumns) {
      for (let i = 0; i < tileColumns; i++) {
        store<f32>(at + ((<usize>i) << 2), c + i < channels ? load<f32>(from + ((<usize>(c + i)) << 2)) : 0);
      }
      at += panelBytes;
    }
  }
}

/** [outputs, channels] to [channels, outputs]. */
function turn(from: usize, channels: i32, outputs: i32, to: usize): void {
  for (let channel = 0; channel < channels; channel++) {
    for (let output = 0; output < outputs; output++) {
      store<f32>(to, load<f32>(from + ((<usize>(output * channels + channel)) << 2)));
      to += 4;
    }
  }
}
