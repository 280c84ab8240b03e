import { execFileSync } from 'node:child_process';

/**
 * Mounts a small file system, which needs Linux and root.
 *
 * @param options - Of `mount`, such as `size=4m`.
 * @returns A function that unmounts it, or `undefined` where it cannot be mounted.
 */
export function mount(folder: string, options: string): (() => void) | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    return () => void execFileSync('umount', [folder]);
  } catch {
    return undefined;
  }
}
