import { type ImageArrayLike, isTensor } from '../data/image-array.js';
import { batchImages, isImageArray } from '../data/image-dataset.js';
import { datasetSize, type ImageDataset } from '../data/index.js';

/**
 * Describes a data set without reading it, so that ranks can compare theirs: kind, number of pictures, and a hash of all
 * values of pictures in memory.
 */
export async function describeDataset(dataset: ImageDataset): Promise<Record<string, unknown>> {
  if (isTensor(dataset)) {
    return { data: `tensor [${dataset.shape}] ${hashed(await dataset.data<'float32'>())}` };
  }
  if (isImageArray(dataset)) return { data: describeArray(dataset) };
  if (Array.isArray(dataset)) {
    const batches = dataset.map((batch) => {
      const images = batchImages(batch);
      return isTensor(images) ? `[${images.shape}]` : describeArray(images);
    });
    return { data: `${batches.length} batches ${hashed(new TextEncoder().encode(batches.join()))}` };
  }
  const paths = (dataset as { paths?: readonly string[] }).paths;
  // Names without folders, which may be mounted elsewhere on another machine.
  const names = paths?.map((path) => path.replace(/^.*[\\/]/, '')).join('\n');
  return {
    data: `${typeof dataset === 'function' ? 'a source' : 'an iterable'} of ${datasetSize(dataset) ?? 'unknown'} pictures${names === undefined ? '' : ` ${hashed(new TextEncoder().encode(names))}`}`,
  };
}

function describeArray({ data, shape }: ImageArrayLike): string {
  return `pictures [${shape}] ${hashed(data)}`;
}

/** A hash of 32 bits over all bytes, four at a time. */
function hashed(values: Float32Array | Uint8Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const whole = bytes.length - (bytes.length % 4);
  const words =
    bytes.byteOffset % 4 === 0
      ? new Uint32Array(bytes.buffer, bytes.byteOffset, whole / 4)
      : new Uint32Array(bytes.slice(0, whole).buffer);
  let hash = 0x811c9dc5; // FNV-1a, by words
  const mix = (value: number) => {
    hash = Math.imul(hash ^ value, 0x01000193);
    hash ^= hash >>> 15; // carries high bits to low ones, which a product never does
  };
  for (let i = 0; i < words.length; i++) mix(words[i]!);
  for (let i = whole; i < bytes.length; i++) mix(bytes[i]!);
  return `#${(hash >>> 0).toString(16).padStart(8, '0')}`;
}
