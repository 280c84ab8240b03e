import type { Readout } from '../features/index.js';
import type { StateTensor } from './safetensors/tensor-types.js';

/** The weights of a read-out, and what it reads, for a safetensors file beside those of its encoder. */
export interface ReadoutTensors {
  /** `readout.kernel` of `[length, dim]` and `readout.bias` of `[dim]`. */
  tensors: Record<'readout.kernel' | 'readout.bias', StateTensor>;
  /** `readout`: what it reads, as JSON. */
  metadata: Record<'readout', string>;
}

/**
 * A read-out for a safetensors file: its vectors are `x kernel + bias`, with x the values of its stages one after the other,
 * row by row of the grid with the channels of a cell together.
 *
 * Read it back with `Readout.fromState(encoder, { json: JSON.parse(metadata.readout), tensors: { kernel, bias } })`.
 *
 * @throws `SimCLRError` after the read-out was disposed of.
 * @example
 * const { tensors, metadata } = await readoutTensors(simclr.readout);
 * const file = writeSafetensors(new Map([...(await stateDict(simclr.encoder)), ...Object.entries(tensors)]), { metadata });
 */
export async function readoutTensors(readout: Readout): Promise<ReadoutTensors> {
  const { json, tensors } = await readout.state();
  return {
    tensors: {
      'readout.kernel': { ...tensors.kernel, dtype: 'F32' },
      'readout.bias': { ...tensors.bias, dtype: 'F32' },
    },
    metadata: { readout: JSON.stringify(json) },
  };
}
