import { type Tensor2D, type Tensor4D, tensor2d } from '@tensorflow/tfjs-core';
import { convolutionOf } from '../../models/inference/foldable-layers.js';
import { type AnyLayer, weightOf } from '../../models/layer-graph.js';
import type { RandomGenerator } from '../../random/index.js';

/** Patches that the directions of a convolution come from, and the numbers that they may have together. */
const mostPatches = 20_000;
const mostNumbers = 1 << 24;

/** Rows and columns that a convolution adds above and to the left. */
function paddingBefore(layer: AnyLayer, [height, width]: readonly [number, number]): [number, number] {
  const { padOf, strides } = convolutionOf(layer)!;
  const pad = padOf([height, width]);
  if (pad === 'valid') return [0, 0];
  if (pad !== 'same') return [pad[0][0], pad[1][0]];
  const [rows, columns] = weightOf(layer, 'kernel')!.shape as number[];
  const before = (size: number, window: number) =>
    Math.floor(Math.max((Math.ceil(size / strides) - 1) * strides + window - size, 0) / 2);
  return [before(height, rows!), before(width, columns!)];
}

/** Patches at random places where a convolution is applied, padding included: `[count, length]`. */
export async function convolutionPatches(
  layer: AnyLayer,
  x: Tensor4D,
  random: RandomGenerator,
): Promise<Tensor2D> {
  const [pictures, height, width, channels] = x.shape;
  const [rows, columns] = weightOf(layer, 'kernel')!.shape as number[];
  const { strides } = convolutionOf(layer)!;
  const [, outHeight, outWidth] = layer.computeOutputShape(x.shape) as number[];
  const [above, left] = paddingBefore(layer, [height, width]);
  const length = rows! * columns! * channels;
  const places = pictures * outHeight! * outWidth!;
  const count = Math.min(places, mostPatches, Math.ceil(mostNumbers / length));
  const order = count < places ? random.permutation(places) : undefined;
  const values = await x.data<'float32'>();
  const data = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    const place = order?.[i] ?? i;
    const picture = Math.floor(place / (outHeight! * outWidth!));
    const top = (Math.floor(place / outWidth!) % outHeight!) * strides - above;
    const start = (place % outWidth!) * strides - left;
    for (let row = Math.max(0, -top); row < rows! && top + row < height; row++) {
      for (let column = Math.max(0, -start); column < columns! && start + column < width; column++) {
        const from = ((picture * height + top + row) * width + start + column) * channels;
        data.set(values.subarray(from, from + channels), i * length + (row * columns! + column) * channels);
      }
    }
  }
  return tensor2d(data, [count, length]);
}
