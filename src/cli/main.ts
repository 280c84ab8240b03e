#!/usr/bin/env node
import { exitCodes } from './exit-codes.js';
import { runCommandLine } from './program.js';

/** A closed pipe (`| head -1`) is not an error: further output is discarded. */
function onWriteError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`Error: the output cannot be written (${error.message}).\n`);
  process.exit(exitCodes.files);
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', onWriteError);

const exitCode = await runCommandLine(process.argv.slice(2));
if ((globalThis.navigator as { gpu?: object } | undefined)?.gpu) {
  await (await import('simclr-ts/node')).releaseBackend();
}
// Flush the output, then end the process whatever a command has left open.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}
process.exit(exitCode);
