import { fileURLToPath } from 'node:url';
import type { FilePath } from './read-bytes.js';

/** Whether a value is a URL, of whatever realm: judged by its fields, as Node does. */
export function isURL(value: unknown): value is URL {
  const { href, protocol } = (value ?? {}) as Partial<URL>;
  return typeof value === 'object' && typeof href === 'string' && typeof protocol === 'string';
}

/** The name of a file that is given by its name or its `file:` URL. */
export function fileName(path: FilePath): string {
  return isURL(path) ? fileURLToPath(path.href) : path;
}
