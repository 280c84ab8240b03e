/**
 * Trains on as many processes as mpirun starts, or on one:
 *
 *   mpirun -np 2 node examples/mpi/train.mjs
 *   node examples/mpi/train.mjs
 *
 * It imports the built package (`npm run build`), as your program would import the installed one.
 */
import 'simclr-ts/wasm';
import { ready, setBackend } from '@tensorflow/tfjs-core';
import { checkpoint, progress, projectionHead, resnet18, SGD, SimCLR } from 'simclr-ts';
import { dataParallel } from 'simclr-ts/distributed';
import { mpiCommunicator } from 'simclr-ts/mpi';
import { directory } from 'simclr-ts/node';

const communicator = await mpiCommunicator();
await setBackend('wasm');
await ready();

// Every rank builds the same data set and trains on its part. Here: pictures of stripes.
const count = 256;
const data = new Uint8Array(count * 32 * 32 * 3);
for (let i = 0; i < data.length; i++) {
  const picture = Math.floor(i / 3072);
  const column = Math.floor(i / 3) % 32;
  data[i] = 128 + 100 * Math.sin((column * (1 + (picture % 8))) / 5 + picture + (i % 3));
}

const simclr = new SimCLR({
  encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 16 }),
  projectionHead: projectionHead({ inputDim: 128, hidden: [128], outputDim: 64 }),
  optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }),
});
const history = await dataParallel(simclr, communicator).fit(
  { data, shape: [count, 32, 32, 3] },
  {
    epochs: 2,
    batchSize: 32 / communicator.size, // of one rank: 32 in all
    callbacks: [progress({ everySteps: 4 }), checkpoint(directory('runs/mpi'))], // on rank 0
  },
);
if (communicator.rank === 0) {
  console.log(`${communicator.size} ranks, last loss ${history.steps.at(-1).loss.toFixed(4)}`);
}
