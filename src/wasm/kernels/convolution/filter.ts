import { kernelModule } from '../../module/kernel-module.js';

/** A filter [height, width, inputs, outputs], and where it is kept in the layouts that the kernels read. */
export interface Filter {
  /** Address of its values. Valid until the next call of a kernel. */
  values(): number;
  /**
   * Address of its values in another layout, which `write` writes to an address unless they are there.
   *
   * @param block - Name of the working memory, where nothing is kept.
   * @param layout - What sets this layout apart from others of the block.
   */
  arranged(block: string, layout: string, bytes: number, write: (to: number) => void): number;
}

/** A filter at an address, which is arranged in working memory at every use. */
export function changingFilter(address: number): Filter {
  return {
    values: () => address,
    arranged(block, _layout, bytes, write) {
      const to = kernelModule().block(block, bytes);
      write(to);
      return to;
    },
  };
}

/** What follows a product before its results are written: min(max(product + shift + residual, floor), ceiling). */
export interface Finish {
  /** Address of one value per output channel. 0 if nothing follows. */
  shift: number;
  /** Address of a tensor of the shape of the output; 0 without one. */
  residual: number;
  /** 0 for a ReLU; minus infinity without one. */
  floor: number;
  ceiling: number;
}

/** The product alone. */
export const noFinish: Finish = { shift: 0, residual: 0, floor: -Infinity, ceiling: Infinity };
