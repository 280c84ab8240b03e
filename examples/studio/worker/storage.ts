import { io } from '@tensorflow/tfjs-core';
import { pixelMemory } from './pictures/picture-room.js';

/**
 * Files of the origin's own private file system. A file is replaced only when the new one is complete.
 */
const folderName = 'simclr-ts-studio';

async function folder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(folderName, { create: true });
}

/** @throws when storage is full or refused. The previous file is then kept. */
export async function writeFile(
  name: string,
  parts: Iterable<string | ArrayBuffer | Uint8Array<ArrayBuffer>>,
): Promise<void> {
  const handle = await (await folder()).getFileHandle(name, { create: true });
  const file = await handle.createWritable();
  try {
    for (const part of parts) await file.write(part);
    await file.close();
  } catch (error) {
    await file.abort().catch(() => {});
    throw error;
  }
}

/** The file, or `undefined` if it is missing or empty. */
export async function readFile(name: string): Promise<File | undefined> {
  try {
    const file = await (await (await folder()).getFileHandle(name)).getFile();
    return file.size > 0 ? file : undefined;
  } catch (error) {
    if ((error as Error).name === 'NotFoundError') return undefined;
    throw error;
  }
}

/** Bytes that are read or written at a time: storage takes no shared memory, and a copy of all would fill the tab. */
const pieceBytes = 2 ** 24;

/** Copies of the parts of what may be shared memory. */
export function* piecesOf(data: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let start = 0; start < data.length; start += pieceBytes) {
    yield new Uint8Array(data.subarray(start, start + pieceBytes));
  }
}

/** The bytes of a file as pixels. */
export async function readPixels(file: Blob): Promise<Uint8Array> {
  const data = pixelMemory(file.size);
  for (let start = 0; start < file.size; start += pieceBytes) {
    data.set(new Uint8Array(await file.slice(start, start + pieceBytes).arrayBuffer()), start);
  }
  return data;
}

/** Removes all that the studio keeps. */
export async function clearStorage(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(folderName, { recursive: true }).catch(() => {});
}

/** A tfjs IO handler that keeps a model in one file: the length of a header, the header as JSON, the weights. */
export function modelFile(name: string): io.IOHandler {
  return {
    async save(artifacts) {
      const { weightData, getWeightStream: _, ...rest } = artifacts;
      const header = new TextEncoder().encode(JSON.stringify(rest));
      const weights = io.CompositeArrayBuffer.join(weightData);
      await writeFile(name, [Uint32Array.of(header.length).buffer, header, weights]);
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
    async load() {
      const file = await readFile(name);
      if (!file) throw new Error('There is no saved model.');
      const length = new Uint32Array(await file.slice(0, 4).arrayBuffer())[0]!;
      const header: io.ModelArtifacts = JSON.parse(await file.slice(4, 4 + length).text());
      return { ...header, weightData: await file.slice(4 + length).arrayBuffer() };
    },
  };
}

/** The message for a person about a storage error. */
export function storageMessage(error: unknown): string {
  if (!('getDirectory' in (navigator.storage ?? {}))) {
    return 'This browser lets the page keep nothing. Everything else works, but a reload starts without pictures and model: download the checkpoint first.';
  }
  const { name, message } = error as Error;
  const cause = name === 'QuotaExceededError' ? 'storage is full' : message;
  return `Cannot save in this browser: ${cause}. Everything else works, but a reload would return to the last saved state.`;
}
