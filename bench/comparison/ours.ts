/**
 * Our side, with the public API only: trains by the task on the command line, embeds, and prints the result in its last
 * line. The twin of torch_simclr.py.
 */
import { writeFile } from 'node:fs/promises';
import 'simclr-ts/wasm';
import { ready, setBackend } from '@tensorflow/tfjs-core';
import type { AdamW, ImageArray } from 'simclr-ts';
import { setThreadCount } from 'simclr-ts/wasm';
import { buildTrainer, pictureBytes, readPictures } from './build.js';
import { learningRateAt } from './recipe.js';
import type { TrainReply, TrainTask } from './task.js';

async function train(task: TrainTask): Promise<TrainReply> {
  const { recipe, budget } = task;
  const { batchSize } = recipe;
  setThreadCount(task.threads);
  await setBackend('wasm');
  await ready();
  const pictures = await readPictures(task.train);
  const simclr = buildTrainer(recipe, task.seed);
  const steps = 'pairs' in budget ? Math.floor(budget.pairs / batchSize) : Number.POSITIVE_INFINITY;
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const share = () => ('pairs' in budget ? simclr.progress.step / steps : elapsed() / (60 * budget.minutes));
  (simclr.optimizer as AdamW).learningRate = () => learningRateAt(recipe, share());
  const history = await simclr.fit(pictures, {
    epochs: Number.MAX_SAFE_INTEGER,
    batchSize,
    callbacks: [
      {
        onStepEnd({ step, loss }, { stop }) {
          if ((step + 1) % 50 === 0) {
            console.error(`step ${step + 1}, loss ${loss.toFixed(3)}, ${elapsed().toFixed(0)} s`);
          }
          if (share() >= 1) stop('the budget is used up');
        },
      },
    ],
  });
  const seconds = elapsed();
  const pairsSeen = history.steps.length * batchSize;

  const embed = async (images: ImageArray, name: string): Promise<number> => {
    const h = await simclr.embed(images, { batchSize: 250 });
    await writeFile(`${task.out}/${name}.f32`, new Uint8Array((await h.data()).slice().buffer));
    h.dispose();
    return h.shape[1];
  };
  const references = pictures.data.subarray(0, task.references * pictureBytes);
  const dim = await embed({ data: references, shape: [task.references, 32, 32, 3] }, 'references');
  await embed(await readPictures(task.test, task.testImages), 'test');
  return {
    framework: `simclr-ts on tfjs wasm, Node ${process.versions.node}`,
    pairsPerSecond: pairsSeen / seconds,
    pairsSeen,
    loss: history.steps.map(({ loss }) => loss),
    dim,
  };
}

const reply = await train(JSON.parse(process.argv[2]!));
console.log(JSON.stringify(reply));
process.exit();
