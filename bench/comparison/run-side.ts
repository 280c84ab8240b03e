import { spawn } from 'node:child_process';
import type { TrainReply } from './task.js';

/** A side's process. */
export interface SideCommand {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/**
 * Runs a side to its end.
 *
 * @param name - Its name in errors.
 * @param log - Called with each line of its standard error.
 * @returns Its last line, read as JSON.
 */
export function runSide<Reply = TrainReply>(
  name: string,
  { command, args, env = {} }: SideCommand,
  log: (line: string) => void,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-2000);
      for (const line of text.trimEnd().split('\n')) log(line);
    });
    child.on('error', (error) => reject(new Error(`${name} does not start: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code !== 0) {
        reject(new Error(`${name} ended (${signal ?? `code ${code}`}).\n${errors.trimEnd()}`));
        return;
      }
      const last = output.trimEnd().split('\n').at(-1) ?? '';
      try {
        resolve(JSON.parse(last) as Reply);
      } catch {
        reject(
          new Error(`${name} did not end with a result. Received: ${JSON.stringify(last.slice(0, 200))}.`),
        );
      }
    });
  });
}
