// Two chunks of the build: code that only evaluates embeddings does not load tfjs-layers.

export * from './embedding-evaluation.js';
export * from './fine-tuning/index.js';
