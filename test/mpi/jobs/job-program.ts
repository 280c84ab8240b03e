/**
 * Run by the tests on each rank: job-program.mjs FOLDER TASK. Performs the task, which is JSON, and writes what comes
 * of it to FOLDER/RANK.json.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mpiCommunicator } from 'simclr-ts/mpi';
import { perform, type Task } from '../../distributed/tasks.js';

/** How a rank ends while the others wait for it. */
export type Ending = 'throw' | 'exit 3' | 'exit 0' | 'return' | 'kill';

const [folder, text] = process.argv.slice(2) as [string, string];
const task = JSON.parse(text) as Task | { name: 'end'; how: Ending };
const communicator = await mpiCommunicator();

if (task.name !== 'end') {
  const value = await perform(task, communicator);
  await writeFile(join(folder, `${communicator.rank}.json`), JSON.stringify(value));
} else if (communicator.rank === 1) {
  await sleep(200);
  if (task.how === 'throw') throw new Error('a picture is missing');
  if (task.how === 'exit 3') process.exit(3);
  if (task.how === 'exit 0') process.exit(0);
  if (task.how === 'kill') process.kill(process.pid, 'SIGKILL');
} else {
  await communicator.allReduce(new Float32Array(4));
}
