import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Context } from '../../context.js';

/** The program that opens files on this system, with what precedes the file. */
function opener(): [string, ...string[]] {
  if (process.env.SIMCLR_OPEN) return [process.env.SIMCLR_OPEN];
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['explorer.exe'];
  return ['xdg-open'];
}

/** Opens a page in the browser of the person who runs the command. Where that fails, says so. */
export async function openPage(path: string, context: Context): Promise<void> {
  const [program, ...args] = opener();
  const { href } = pathToFileURL(resolve(path));
  await new Promise<void>((done) => {
    const child = spawn(program, [...args, href], { stdio: 'ignore', detached: true });
    child.once('error', () => {
      context.warn(`${program} does not start here. Open ${path} in a browser.`);
      done();
    });
    child.once('spawn', () => {
      child.unref();
      done();
    });
  });
}
