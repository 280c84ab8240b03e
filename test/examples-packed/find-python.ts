import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../package/packed.js';

/**
 * A Python with PyTorch and torchvision: `SIMCLR_PYTHON`, that of `npm run lane -- bench-setup`, the system's.
 *
 * @throws Error that says how to get one.
 */
export async function findPython(): Promise<string> {
  const pythons = [
    process.env.SIMCLR_PYTHON,
    join(root, 'bench/.cache/python/bin/python'),
    '/usr/bin/python3',
    'python3',
  ].filter((python) => python !== undefined && python !== '') as string[];
  for (const python of pythons) {
    try {
      await promisify(execFile)(python, ['-c', 'import torch, torchvision']);
      return python;
    } catch {
      // the next one
    }
  }
  throw new Error(
    `No Python with torch and torchvision was found (${pythons.join(', ')}). Install them (Debian: apt-get install ` +
      'python3-torch python3-torchvision) or set SIMCLR_PYTHON.',
  );
}
