import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import type { ImageRecord } from '../picture.js';
import { makeStream, type Stream } from '../streams/stream.js';
import { ByteReader, type ByteSource, readChunks } from './byte-source.js';
import { type IDXImagesOptions, idxAxes, idxShape, threefold } from './idx.js';

/** A picture is read at once, and none is that large. */
const maximumPictureBytes = 2 ** 28;

/** Header of an IDX file with axes `[count, ...]`, and a reader positioned at its values. */
async function openIDX(
  source: ByteSource,
  axes: number,
): Promise<{ reader: ByteReader; shape: number[]; close(): Promise<void> }> {
  const chunks = readChunks('idxRecords', source);
  const reader = new ByteReader(chunks);
  const close = async () => {
    await chunks.return();
  };
  try {
    const expectedShape = axes === 1 ? '[count]' : '[count, height, width]';
    const refused = (what: string) =>
      new DataError(
        `idxRecords: the file must have shape ${expectedShape}, none of them 0. Received: ${source.name} ${what}.`,
        source.name,
      );
    const own = idxAxes('idxRecords', await reader.read(4), source.name);
    if (own !== axes) throw refused(`with ${own} axes`);
    const sizes = await reader.read(4 * axes);
    if (sizes.length < 4 * axes) throw refused('which ends within its header');
    const shape = idxShape(sizes, axes, 0);
    if (shape.includes(0)) throw refused(`of shape [${shape}]`);
    return { reader, shape, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function cutOff(source: ByteSource, expected: number, index: number): DataError {
  return new DataError(
    `idxRecords: the file must hold the ${expected} elements that its header promises. Received: ${source.name}, which ends within number ${index}.`,
    source.name,
  );
}

/**
 * The pictures of an IDX file (MNIST, Fashion-MNIST) one after the other, compressed with gzip or not, whatever its
 * size. Mix them with {@link shuffle}, and make batches with {@link imageStream}.
 *
 * @param images - File of shape `[count, height, width]`.
 * @param labels - File of shape `[count]`; may be left out.
 * @throws {@link InvalidOptionError} when `channels` is neither 1 nor 3.
 * @throws {@link DataError} while reading, naming the file: not IDX, of another shape, cut off, longer than its header
 *   says, damaged gzip, or counts that differ.
 * @example
 * const records = shuffle(idxRecords(images, labels, { channels: 3 }), { bufferSize: 10_000, seed: 1 });
 */
export function idxRecords(
  images: ByteSource,
  labels?: ByteSource,
  options: IDXImagesOptions = {},
): Stream<ImageRecord> {
  checkKeys('idxRecords', options, { channels: 1 });
  const { channels = 1 } = options;
  checkChoice('idxRecords', 'channels', channels, [1, 3]);
  return makeStream({
    async *open(_epoch, position) {
      const pictures = await openIDX(images, 3);
      const [count, height, width] = pictures.shape as [number, number, number];
      let classes: Awaited<ReturnType<typeof openIDX>> | undefined;
      try {
        if (height * width > maximumPictureBytes) {
          throw new DataError(
            `idxRecords: a picture must have at most ${maximumPictureBytes} pixels. Received: ${images.name} of shape [${pictures.shape}].`,
            images.name,
          );
        }
        if (labels) {
          classes = await openIDX(labels, 1);
          if (classes.shape[0] !== count) {
            throw new DataError(
              `idxRecords: labels must have shape [${count}], one for each picture. Received: ${labels.name} of shape [${classes.shape}].`,
              labels.name,
            );
          }
        }
        for (let index = 0; index < count; index++) {
          const gray = await pictures.reader.read(height * width);
          if (gray.length < height * width) throw cutOff(images, count, index);
          const label = await classes?.reader.read(1);
          if (labels && label?.length !== 1) throw cutOff(labels, count, index);
          if (index < position) continue;
          yield {
            name: `${images.name}[${index}]`,
            index,
            image: { data: channels === 1 ? gray : threefold(gray), shape: [height, width, channels] },
            ...(label && { label: label[0]! }),
          };
        }
        for (const [source, opened] of [[images, pictures] as const, [labels, classes] as const]) {
          if (source && opened && (await opened.reader.read(1)).length > 0) {
            throw new DataError(
              `idxRecords: the file must hold the ${count} elements that its header promises. Received: ${source.name}, which continues after them.`,
              source.name,
            );
          }
        }
      } finally {
        await pictures.close();
        await classes?.close();
      }
    },
  });
}
