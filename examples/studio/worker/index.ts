/**
 * The worker's entry: loads the trainer. WebKit runs a worker's first module a second time when another chunk imports
 * from it, so this one has nothing to import.
 */
const { serveTrainer } = await import('./serve-trainer.js');
serveTrainer();
