/** Run by the tests in a thread of its own, as one rank: performs the task and posts what comes of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { type WorkerGroup, workerCommunicator } from 'simclr-ts/distributed';
import { perform, type Task } from './tasks.js';

const { group, rank, task } = workerData as { group: WorkerGroup; rank: number; task: Task };
try {
  const value = await perform(task, workerCommunicator(group, rank, { timeoutSeconds: 60 }));
  parentPort!.postMessage({ value });
} catch (error) {
  parentPort!.postMessage({ error: String(error) });
}
