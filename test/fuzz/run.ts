/**
 * Fuzzes the readers of picture files, safetensors, checkpoints and configurations: `npm run lane -- fuzz --help`. Prints
 * a line for each, and fails on the first input that makes one hang, fill the memory or throw a foreign error.
 */
import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { integer } from '../../src/cli/options.js';
import { checkpointParsers } from './checkpoint-parsers.js';
import { configurationParsers } from './configuration-parsers.js';
import { dataParsers } from './data-parsers.js';
import { fuzz } from './fuzz.js';
import { safetensorsParser } from './safetensors.js';

const values = new Command('npm run lane -- fuzz')
  .description(
    'Reads mutated files by every reader. Fails on a hang, on full memory, and on a foreign error.',
  )
  .option('--inputs <n>', 'mutated files over all readers', integer(1), 1_000_000)
  .option('--seed <n>', 'seed of the mutations', integer(0), 1)
  .option('--only <name>', 'one reader')
  .parse()
  .opts<{ inputs: number; seed: number; only?: string }>();

await setBackend('cpu');
const parsers = {
  ...dataParsers,
  safetensors: safetensorsParser,
  ...(await checkpointParsers()),
  ...configurationParsers,
};
const chosen = Object.entries(parsers).filter(([name]) => !values.only || name === values.only);
const weights = chosen.reduce((sum, [, { weight }]) => sum + weight, 0);
let total = 0;
for (const [name, parser] of chosen) {
  const inputs = Math.ceil((values.inputs * parser.weight) / weights);
  const began = performance.now();
  const { accepted, refused } = await fuzz(name, parser, inputs, values.seed);
  const seconds = (performance.now() - began) / 1000;
  total += inputs;
  console.log(
    `${name.padEnd(26)} ${String(inputs).padStart(8)} inputs, ${accepted} parsed, ${refused} refused, ${seconds.toFixed(1)} s`,
  );
}
console.log(`${total} inputs; no hang, no other error than the library's own.`);
