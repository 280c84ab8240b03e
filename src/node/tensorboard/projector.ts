import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isBytes } from '../../data/image-array.js';
import type { ImageArrayLike, ImageDataset } from '../../data/index.js';
import { embedOnHost } from '../../evaluation/embed-on-host.js';
import type { Trainer } from '../../training/index.js';
import { replaceFileBy } from '../files/write-durably.js';
import { loadSharp } from '../pictures/decode-image.js';
import { unwritable } from './event-file.js';

/** Pictures whose embeddings TensorBoard's projector shows. */
export interface ProjectorPictures {
  /** `[N, height, width, channels]` of the encoder's input size: float32 in [0, 1], or bytes. */
  images: ImageArrayLike;
  /** A text per picture. @defaultValue none */
  labels?: readonly string[];
}

/** Largest side of a picture of the sprite, in pixels: TensorBoard takes sprites of up to 8192. */
const thumbnailSize = 32;

/**
 * Writes embeddings h as the files of TensorBoard's projector: `projector_config.pbtxt` names the vectors, the labels, and
 * a sprite with all pictures.
 *
 * @see https://github.com/tensorflow/tensorboard, tensorboard/plugins/projector/projector_config.proto
 */
export async function writeProjector(
  caller: string,
  folder: string,
  simclr: Trainer,
  { images, labels }: ProjectorPictures,
): Promise<void> {
  const { data: values, shape } = await embedOnHost(simclr, images as ImageDataset, {});
  const [count, dim] = shape;
  const vectors = Array.from({ length: count }, (_, row) =>
    Array.from(values.subarray(row * dim, (row + 1) * dim), (value) => Number(value.toPrecision(7))).join(
      '\t',
    ),
  );
  // A single column has no header.
  const names = labels?.map((label) => label.replace(/[\t\r\n]+/g, ' '));
  const files: [string, string | Uint8Array][] = [
    ['h.tsv', `${vectors.join('\n')}\n`],
    ...(names ? ([['labels.tsv', `${names.join('\n')}\n`]] as [string, string][]) : []),
    ['pictures.png', await sprite(caller, images)],
  ];
  const config = [
    'embeddings {',
    '  tensor_name: "h"',
    '  tensor_path: "projector/h.tsv"',
    ...(names ? ['  metadata_path: "projector/labels.tsv"'] : []),
    '  sprite {',
    '    image_path: "projector/pictures.png"',
    `    single_image_dim: ${thumbnailSize}`,
    `    single_image_dim: ${thumbnailSize}`,
    '  }',
    '}',
    '',
  ].join('\n');
  try {
    await mkdir(join(folder, 'projector'), { recursive: true });
    for (const [name, contents] of files) {
      await replaceFileBy(join(folder, 'projector', name), (file) => file.appendFile(contents));
    }
    await replaceFileBy(join(folder, 'projector_config.pbtxt'), (file) => file.appendFile(config));
  } catch (error) {
    throw unwritable(caller, folder, error);
  }
}

/** All pictures in a square, row by row. */
async function sprite(caller: string, { data, shape }: ImageArrayLike): Promise<Uint8Array> {
  const sharp = await loadSharp(caller);
  const [count, height, width, channels] = shape as [number, number, number, 1 | 3];
  const side = Math.ceil(Math.sqrt(count));
  const size = height * width * channels;
  const thumbnails = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const values = data.subarray(index * size, (index + 1) * size);
      const bytes = isBytes(values) ? values : Uint8Array.from(values, (value) => Math.round(255 * value));
      const input = await sharp(Uint8Array.from(bytes), { raw: { width, height, channels } })
        .resize(thumbnailSize, thumbnailSize, { fit: 'fill' })
        .toColourspace('srgb')
        .png()
        .toBuffer();
      const top = Math.floor(index / side) * thumbnailSize;
      return { input, top, left: (index % side) * thumbnailSize };
    }),
  );
  const edge = side * thumbnailSize;
  const background = { r: 255, g: 255, b: 255 };
  return sharp({ create: { width: edge, height: edge, channels: 3, background } })
    .composite(thumbnails)
    .png()
    .toBuffer();
}
