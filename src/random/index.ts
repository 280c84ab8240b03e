export { type BatchRandomOptions, batchRandom } from './batch-random.js';
export { type BatchRandom, RandomGenerator, randomGenerator } from './random-generator.js';
