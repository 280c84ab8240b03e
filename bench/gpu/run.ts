/**
 * The training step on WebGPU against PyTorch on CUDA, fp32, on one machine in one run:
 *
 *     npm install --no-save webgpu @tensorflow/tfjs-backend-webgpu && npx tsx bench/gpu/run.ts --json FILE
 *
 * Both sides: two views of random pictures, ResNet-18 of width 64, head 512-512-64, NT-Xent at 0.5, SGD with momentum.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { backend, dispose, randomUniform, setBackend, type Tensor4D } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import {
  contrastiveGradients,
  ntXentLoss,
  projectionHead,
  resnet18,
  SGD,
  trainableVariables,
} from '../../src/index.js';
import { releaseWebGPU } from '../../src/webgpu/index.js';

interface GraphicsBackend {
  adapterInfo: Record<string, unknown>;
  queue: { onSubmittedWorkDone(): Promise<void> };
  submitQueue(): void;
  bufferManager: { numBytesAllocated: number };
}

const { batch, size, steps, json } = new Command()
  .option('--batch <n>', 'pictures per step', Number, 256)
  .option('--size <n>', 'height and width', Number, 96)
  .option('--steps <n>', 'measured steps', Number, 20)
  .option('--json <file>', 'writes the results')
  .parse()
  .opts<{ batch: number; size: number; steps: number; json?: string }>();

if (!(await setBackend('webgpu'))) throw new Error('WebGPU does not start here');
const graphics = backend() as unknown as GraphicsBackend;
const encoder = resnet18({ inputShape: [size, size, 3] });
const head = projectionHead({ inputDim: 512 });
const optimizer = new SGD({ learningRate: 0.1, momentum: 0.9 });
const views = [1, 2].map((seed) => randomUniform([batch, size, size, 3], 0, 1, 'float32', seed) as Tensor4D);
const variables = trainableVariables(encoder, head);

function step(): void {
  const { loss, gradients } = contrastiveGradients(views, {
    encoder,
    projectionHead: head,
    loss: (a, b) => ntXentLoss(a, b, { temperature: 0.5 }),
    variables,
  });
  optimizer.applyGradients(gradients);
  dispose([loss, ...Object.values(gradients)]);
}

async function finished(): Promise<void> {
  graphics.submitQueue();
  await graphics.queue.onSubmittedWorkDone();
}

for (let i = 0; i < 5; i++) step();
await finished();
const began = performance.now();
for (let i = 0; i < steps; i++) step();
await finished();
const seconds = (performance.now() - began) / 1000 / steps;
const ours = {
  device: graphics.adapterInfo,
  pairsPerSecond: batch / seconds,
  megabytes: graphics.bufferManager.numBytesAllocated / 2 ** 20,
};
console.log('simclr-ts on WebGPU', ours);

let pytorch: { pairsPerSecond: number } | undefined;
try {
  const script = fileURLToPath(new URL('torch_gpu.py', import.meta.url));
  const flags = ['--batch', `${batch}`, '--size', `${size}`, '--steps', `${steps}`];
  const python = process.env.SIMCLR_PYTHON ?? 'python3';
  pytorch = JSON.parse(execFileSync(python, [script, ...flags], { encoding: 'utf8' }));
  console.log('PyTorch on CUDA', pytorch);
} catch (error) {
  console.log(`PyTorch was left out: ${(error as Error).message.split('\n')[0]}`);
}
const ratio = pytorch ? ours.pairsPerSecond / pytorch.pairsPerSecond : null;
console.log('ratio', ratio);
if (json) writeFileSync(json, `${JSON.stringify({ batch, size, steps, ours, pytorch, ratio }, null, 2)}\n`);
releaseWebGPU(); // it would keep the process alive
