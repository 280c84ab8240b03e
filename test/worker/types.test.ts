import type { Worker as NodeWorker } from 'node:worker_threads';
import type { TrainerWorker } from 'simclr-ts/worker';
import { expectTypeOf, it } from 'vitest';

it('takes workers of the web and of Node, ports, and shared workers by their ports', () => {
  expectTypeOf<Worker>().toExtend<TrainerWorker>();
  expectTypeOf<NodeWorker>().toExtend<TrainerWorker>();
  expectTypeOf<MessagePort>().toExtend<TrainerWorker>();
  expectTypeOf<import('node:worker_threads').MessagePort>().toExtend<TrainerWorker>();
});
