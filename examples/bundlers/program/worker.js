import { train } from './train.js';

train().then(
  (result) => postMessage(result),
  (error) => postMessage({ error: String(error) }),
);
