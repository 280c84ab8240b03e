import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What Node needs to run TypeScript given as text; its imports start at the repository's root. */
export const programArguments = (source: string) => ['--import', 'tsx', '--input-type=module', '-e', source];

/** Starts a TypeScript program. `output` waits for what it prints next, and fails if the program ends instead. */
export function startProgram(source: string) {
  const child = spawn(process.execPath, programArguments(source), { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'close').then(([status, signal]) => {
    throw new Error(`the program ended with ${status ?? signal} instead of printing something:\n${errors}`);
  });
  ended.catch(() => {});
  const output = async () => {
    const [chunk] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
    return String(chunk).trim();
  };
  return { child, output };
}
