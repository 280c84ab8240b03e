import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { hashedValues } from '../helpers/hashed-values.js';

/** Random pictures in [0, 1]: the twin of `pictures` in test/fixtures/augmentations/common.py. */
export function pictures(name: string, batch: number, height: number, width: number, channels = 3): Tensor4D {
  const values = hashedValues(name, batch * height * width * channels).map((value) => value * 0.5 + 0.5);
  return tensor4d(values, [batch, height, width, channels]);
}

/** Three pictures with the corner cases of color conversion in front: the twin of `colored_pictures` there. */
export function coloredPictures(): Tensor4D {
  const values = hashedValues('colors', 3 * 5 * 6 * 3).map((value) => value * 0.5 + 0.5);
  const corners = [
    [0, 0, 0, 1, 1, 1, 0.5, 0.5, 0.5, 1, 0, 0, 0, 1, 0, 0, 0, 1],
    [1, 1, 0, 0, 1, 1, 1, 0, 1, 0.2, 0.6, 0.6, 0.7, 0.7, 0.1, 0.3, 0.1, 0.3],
  ].flat();
  for (let picture = 0; picture < 3; picture++) values.set(corners, picture * 90);
  return tensor4d(values, [3, 5, 6, 3]);
}

/** The values of each picture on its own. */
export async function byPicture(images: Tensor4D): Promise<Float32Array[]> {
  const values = (await images.data()) as Float32Array;
  const length = values.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, i) => values.slice(i * length, (i + 1) * length));
}
