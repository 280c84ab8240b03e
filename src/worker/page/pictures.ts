import { transfer } from 'comlink';
import type { ImageArrayLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { hasTag, isObject, receivedMessage } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';

/**
 * Pictures as they go to a worker: on shared memory as they are, otherwise moved where the caller allows it, otherwise
 * copied. Only what is sent is copied, not all of a buffer of which the pictures are a part.
 *
 * @throws `ShapeError` unless `images` are a typed array with a shape. The trainer checks shape and values.
 */
export function picturesToSend(caller: string, images: ImageArrayLike, move: boolean): ImageArrayLike {
  const isArray = isObject(images) && ['Float32Array', 'Uint8Array'].some((tag) => hasTag(images.data, tag));
  if (!isArray || !Array.isArray(images.shape)) {
    const expectation =
      'images must be { data, shape } with a Float32Array or a Uint8Array, because tensors and streams cannot go to a worker';
    throw new ShapeError(receivedMessage(caller, expectation, 'images', images));
  }
  checkKeys(caller, images, { data: 1, shape: 1 }, 'images');
  const { shape } = images;
  if (hasTag(images.data.buffer, 'SharedArrayBuffer')) return { data: images.data, shape };
  const whole = images.data.byteLength === images.data.buffer.byteLength;
  const data = move && whole ? images.data : copyOf(images.data);
  return transfer({ data, shape }, [data.buffer as ArrayBuffer]);
}

/** `slice` of a Node `Buffer` would not copy. */
function copyOf(data: Float32Array | Uint8Array): Float32Array | Uint8Array {
  return hasTag(data, 'Float32Array') ? new Float32Array(data) : new Uint8Array(data);
}
