import { io } from '@tensorflow/tfjs-core';

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
  parts: readonly (string | ArrayBuffer | Uint8Array<ArrayBuffer>)[],
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
