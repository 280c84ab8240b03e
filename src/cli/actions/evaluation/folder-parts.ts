import { splitImages } from 'simclr-ts/data';
import { type ClassFolders, listClasses, relabel } from '../class-folders.js';

/** Options that say which pictures are tested. */
export interface PartOptions {
  test?: string;
  testFraction: number;
  seed: number;
}

/** Pictures to learn from and to test. */
export interface FolderParts {
  classNames: readonly string[];
  train: Omit<ClassFolders, 'classNames'>;
  test: Omit<ClassFolders, 'classNames'>;
}

/** Splits files with the library's split of pictures: each picture is one pixel that holds the file's number. */
function split({ paths, labels, classNames }: ClassFolders, testFraction: number, seed: number): FolderParts {
  const rows = paths.length;
  const numbers = Float32Array.from({ length: rows }, (_, row) => row);
  const { train, test } = splitImages(
    { images: { data: numbers, shape: [rows, 1, 1, 1] }, labels },
    { testFraction, seed },
  );
  const part = ({ images }: typeof train) => ({
    paths: Array.from(images.data, (row) => paths[row]!),
    labels: Int32Array.from(images.data, (row) => labels[row]!),
  });
  return { classNames, train: part(train), test: part(test) };
}

/** The files of `dir` to learn from, and those of `--test`, or a part of each class, to test. */
export async function folderParts(
  dir: string,
  { test, testFraction, seed }: PartOptions,
): Promise<FolderParts> {
  const folder = await listClasses(dir);
  if (test === undefined) return split(folder, testFraction, seed);
  const { classNames } = folder;
  return { classNames, train: folder, test: relabel(await listClasses(test), classNames, test) };
}
