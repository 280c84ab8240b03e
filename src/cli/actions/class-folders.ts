import { join, relative, sep } from 'node:path';
import { CommandError, exitCodes } from '../exit-codes.js';
import { type ListedPictures, listFolder } from './pictures.js';

/** Pictures in class folders. */
export type ClassFolders = Required<ListedPictures>;

/**
 * Lists a folder that holds a folder for each class.
 *
 * @throws {@link CommandError} when a picture lies outside, or there are fewer than two classes.
 */
export async function listClasses(dir: string): Promise<ClassFolders> {
  const { paths, labels, classNames } = await listFolder(dir);
  if (!labels || !classNames) {
    const outside = paths.filter((path) => !relative(dir, path).includes(sep));
    throw new CommandError(
      `${JSON.stringify(dir)} must hold a folder for each class and every picture in one of them, as in ` +
        `${join(dir, 'cat', '1.jpg')} and ${join(dir, 'dog', '1.jpg')}. Received: ${outside[0]}` +
        `${outside.length > 1 ? ` and ${outside.length - 1} more that are not` : ', which is not'}.`,
      exitCodes.files,
    );
  }
  if (classNames.length < 2) {
    throw new CommandError(
      `${JSON.stringify(dir)} must hold at least two class folders. Received: ${classNames.join(', ')} only.`,
      exitCodes.files,
    );
  }
  return { paths, labels, classNames };
}

/**
 * The test folder's labels by the training folder's numbers.
 *
 * @throws {@link CommandError} when the test folder has a class of its own.
 */
export function relabel(test: ClassFolders, classNames: readonly string[], dir: string): ClassFolders {
  const numbers = test.classNames.map((name) => classNames.indexOf(name));
  const unknown = test.classNames.filter((_, i) => numbers[i]! < 0);
  if (unknown.length > 0) {
    throw new CommandError(
      `${JSON.stringify(dir)} must have the class folders of the training pictures (${classNames.join(', ')}). ` +
        `Received: ${unknown.join(', ')} too.`,
      exitCodes.files,
    );
  }
  return { ...test, labels: test.labels.map((label) => numbers[label]!) };
}
