import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tensor, tensor1d, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { getTorchvisionWeights, type SimCLR, setTorchvisionWeights } from 'simclr-ts';

/** The bytes of float32 values. */
export const bytesOf = (values: Float32Array) => new Uint8Array(values.slice().buffer);

/** Float32 values of a file. */
export function readFloats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Writes the weights of an encoder for torch_simclr.py: a file for each, in PyTorch's names and layouts. */
export async function writeEncoderWeights(folder: string, encoder: LayersModel): Promise<void> {
  for (const [name, values] of await getTorchvisionWeights(encoder)) {
    writeFileSync(join(folder, `encoder.${name}.f32`), bytesOf(values));
  }
}

/** Writes the weights of encoder and projection head. */
export async function writeWeights(folder: string, { encoder, projectionHead: head }: SimCLR): Promise<void> {
  await writeEncoderWeights(folder, encoder);
  for (const [index, layer] of head.layers.filter((each) => each.getWeights().length > 0).entries()) {
    const [kernel, bias] = layer.getWeights() as [Tensor, Tensor];
    const transposed = tidy(() => transpose(kernel, [1, 0]).dataSync() as Float32Array);
    writeFileSync(join(folder, `head.${2 * index}.weight.f32`), bytesOf(transposed));
    writeFileSync(join(folder, `head.${2 * index}.bias.f32`), bytesOf(bias.dataSync() as Float32Array));
  }
}

/** Takes over weights of encoder and projection head that torch_simclr.py has written. */
export function readWeights({ encoder, projectionHead: head }: SimCLR, folder: string): void {
  setTorchvisionWeights(encoder, ({ name }) => readFloats(join(folder, `encoder.${name}.f32`)));
  for (const [index, layer] of head.layers.filter((each) => each.getWeights().length > 0).entries()) {
    const [inputs, units] = layer.getWeights()[0]!.shape as [number, number];
    tidy(() => {
      const weight = tensor2d(readFloats(join(folder, `head.${2 * index}.weight.f32`)), [units, inputs]);
      const bias = tensor1d(readFloats(join(folder, `head.${2 * index}.bias.f32`)));
      layer.setWeights([transpose(weight), bias]);
    });
  }
}
