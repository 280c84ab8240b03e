/** A whole training step on the ranks of a job, or of one process, by the public API. Rank 0 talks to the runner. */
import 'simclr-ts/wasm';
import { randomUniform, ready, setBackend } from '@tensorflow/tfjs-core';
import { projectionHead, resnet18, SGD, SimCLR, simclrAugmentation } from 'simclr-ts';
import { dataParallel } from 'simclr-ts/distributed';
import { mpiCommunicator } from 'simclr-ts/mpi';
import type { Work } from '../work.js';
import { countThreads, serve } from './serve.js';
import { configureThreads } from './threads.js';

const communicator = await mpiCommunicator();
const { rank, size } = communicator;

/** The command of rank 0 to all ranks: run a step, or end. */
const command = new Uint8Array(1);
const [end, step] = [0, 1];

async function tell(what: number): Promise<number> {
  command[0] = what;
  await communicator.broadcast(command);
  return command[0];
}

async function prepare(work: Work): Promise<() => Promise<number>> {
  if (work.kind !== 'step') throw new Error(`Only steps run on several ranks. Received: ${work.kind}.`);
  if (!(await setBackend('wasm'))) throw new Error('The wasm backend does not start here.');
  await ready();
  const { batch, size: side, stem } = work;
  const simclr = new SimCLR({
    encoder: resnet18({ inputShape: [side, side, 3], ...(stem && { stem }) }),
    projectionHead: projectionHead({ inputDim: 512, hidden: [512, 512], outputDim: 64 }),
    augmentation: simclrAugmentation({ size: side }),
    optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }),
  });
  const parallel = dataParallel(simclr, communicator);
  const images = randomUniform([batch / size, side, side, 3], 0, 1) as never;
  return async () => (await parallel.trainStep(images)).loss;
}

if (rank === 0) {
  await serve(async (work) => {
    const threads = await configureThreads();
    const run = await prepare(work);
    return {
      label: `simclr-ts wasm, ${size === 1 ? '1 rank' : `${size} ranks`} of ${countThreads(threads)}`,
      run: async () => {
        await tell(step);
        return run();
      },
    };
  });
  await tell(end);
} else {
  const { work } = JSON.parse(process.argv[2]!) as { work: Work };
  await configureThreads();
  const run = await prepare(work);
  while ((await tell(end)) === step) await run();
}
