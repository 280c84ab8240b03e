#!/usr/bin/env node
import { exitCodes } from './exit-codes.js';
import { runCommandLine } from './program.js';

/** Nobody at the other end of a pipe any more (`| head -1`) is no error: what follows is written to nobody. */
function onWriteError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`Error: the output cannot be written (${error.message}).\n`);
  process.exit(exitCodes.files);
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', onWriteError);

process.exitCode = await runCommandLine(process.argv.slice(2));
