// Two files, two chunks of the build: what only measures embeddings comes without the layers of tfjs.
export * from './fine-tuning/index.js';
export * from './measures.js';
