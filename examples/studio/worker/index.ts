/**
 * The worker's entry: loads the trainer. WebKit runs a worker's first module a second time when another chunk imports
 * from it, so this one has nothing to import.
 */
const early: MessageEvent[] = [];
const keep = (event: MessageEvent) => early.push(event);
addEventListener('message', keep);
const { serveTrainer } = await import('./serve-trainer.js');
serveTrainer();
removeEventListener('message', keep);
for (const { data } of early) dispatchEvent(new MessageEvent('message', { data }));
