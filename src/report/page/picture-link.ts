import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The address of a file as a page beside it or above it links to it, so that both can be moved together. */
export function pictureLink(page: string, path: string): string {
  const between = relative(dirname(resolve(page)), resolve(path));
  if (isAbsolute(between)) return pathToFileURL(path).href; // another drive
  return between.split(sep).map(encodeURIComponent).join('/');
}
