import { train } from './train.js';

const inWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });

const say = (result) => {
  document.getElementById('state').textContent = JSON.stringify(result);
};

(async () => say({ page: await train(), worker: await inWorker() }))().catch((error) =>
  say({ error: String(error) }),
);
