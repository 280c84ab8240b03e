import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Whether a test file, or a file of the tests that it imports, reads tensors synchronously. WebGPU cannot be read so:
 * in Node not at all, in a page by way of a canvas, which loses values.
 */
export function readsSynchronously(root: string, path: string): boolean {
  const text = readFileSync(join(root, path), 'utf8');
  if (/\b(dataSync|arraySync)[(<]/.test(text)) return true;
  const imports = [...text.matchAll(/from '(\.[^']*)\.js'/g)].map(
    ([, name]) => `${join(dirname(path), name!)}.ts`,
  );
  return imports.some((name) => name.startsWith('test') && readsSynchronously(root, name));
}
