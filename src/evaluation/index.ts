// Two chunks of the build: code that only evaluates embeddings does not load tfjs-layers.
export * from './fine-tuning/index.js';
export * from './measures.js';
