import { borderRegions } from './border-regions.js';
import type { Filter, Finish } from './filter.js';
import { type Axis, type GatherSource, gather, multiply } from './gathered-product.js';

/** A convolution as a product, and how its regions find their part of the filter and of the output. */
export interface RegionProductsWork {
  source: GatherSource;
  axes: readonly [Axis, Axis];
  pictures: number;
  columns: number;
  output: number;
  outputSize: readonly [number, number];
  /** Row (i, j) of the product is output pixel `outputOffset + (i, j) * outputStride`. */
  outputStride: readonly [number, number];
  outputOffset: readonly [number, number];
  filter: Filter;
  /** How the values of the filter are read. */
  part: {
    channels: number;
    /** Values before the filter position (0, 0). */
    offset: number;
    /** Values from one filter position to the next, along both axes. */
    strides: readonly [number, number];
    channelStride: number;
    columnStride: number;
  };
  /** @defaultValue the product alone */
  finish?: Finish;
}

/** Computes one product for each region of the output. */
export function multiplyRegions(work: RegionProductsWork): void {
  const {
    source,
    axes,
    pictures,
    columns,
    output,
    outputSize,
    outputStride,
    outputOffset,
    filter,
    part,
    finish,
  } = work;
  const [regionsY, regionsX] = borderRegions(axes, [source.height, source.width], pictures);
  const single = regionsY.length === 1 && regionsX.length === 1 && outputStride.every((step) => step === 1);
  for (const y of regionsY) {
    for (const x of regionsX) {
      const offset = part.offset + y.firstFilter * part.strides[0] + x.firstFilter * part.strides[1];
      const scatter = {
        scatterHeight: outputSize[0],
        scatterWidth: outputSize[1],
        scatterStepY: outputStride[0],
        scatterStepX: outputStride[1],
        scatterY: outputOffset[0] + y.firstOut * outputStride[0],
        scatterX: outputOffset[1] + x.firstOut * outputStride[1],
      };
      multiply({
        gathered: gather(source, y.axis, x.axis),
        rows: pictures * y.axis.outSize * x.axis.outSize,
        columns,
        depth: y.axis.filterSize * x.axis.filterSize * part.channels,
        output,
        filter,
        part: {
          channels: part.channels,
          filterHeight: y.axis.filterSize,
          filterWidth: x.axis.filterSize,
          offset,
          strideY: part.strides[0],
          strideX: part.strides[1],
          strideChannel: part.channelStride,
          strideColumn: part.columnStride,
        },
        ...(finish && { finish }),
        ...(single ? {} : { scatter }),
      });
    }
  }
}
