import { samplePictures } from 'simclr-ts';
import { createTrainer } from 'simclr-ts/worker';

const element = (id) => document.getElementById(id);
const say = (text) => {
  element('state').textContent = text;
};
const makeWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

const { images, labels } = samplePictures(192);
const batchSize = 32;
const uniform = Math.log(2 * batchSize - 1); // the loss of embeddings that tell nothing apart

async function train(signal) {
  const trainer = await createTrainer(makeWorker, {
    encoder: { name: 'resnet18', inputShape: [32, 32, 3], stem: 'small', width: 8 },
    augmentation: { name: 'simclrAugmentation', options: { strength: 0.5, blur: false } },
  });
  try {
    const { outcome, steps, epochs } = await trainer.fit(images, {
      epochs: 6,
      batchSize,
      signal, // heard after the current step
      onProgress: ({ step }) => say(`Step ${step.step + 1}, loss ${step.loss.toFixed(3)}`),
    });
    const nearest = await trainer.call('nearest', images);
    const right = labels.filter((label, i) => labels[nearest[i]] === label).length;
    const [first, last] = [epochs[0], epochs.at(-1)].map(({ loss }) => loss.toFixed(3));
    say(
      `Training ${outcome} after ${steps.length} steps: loss ${first} to ${last}; learning nothing: ` +
        `${uniform.toFixed(3)}. Nearest other picture shows the same: ${Math.round((100 * right) / labels.length)} %`,
    );
  } finally {
    await trainer.dispose(); // ends the worker
  }
}

element('start').onclick = async () => {
  const stop = new AbortController();
  element('start').disabled = true;
  element('stop').disabled = false;
  element('stop').onclick = () => stop.abort();
  say('Starting ...');
  await train(stop.signal).catch(({ message }) => say(`Failed: ${message}`));
  element('start').disabled = false;
  element('stop').disabled = true;
};
