/**
 * Fuzzes the readers of picture files, safetensors, checkpoints and configurations: `npx tsx test/fuzz/run.ts [--inputs N] [--seed S] [--only NAME]`. N is the number
 * over all parsers, a million unless told. Prints a line for each, and fails on the first input that makes one hang,
 * fill the memory or throw what is no error of this library.
 */
import '@tensorflow/tfjs-backend-cpu';
import { parseArgs } from 'node:util';
import { setBackend } from '@tensorflow/tfjs-core';
import { checkpointParsers } from './checkpoint-parsers.js';
import { configurationParsers } from './configuration-parsers.js';
import { dataParsers } from './data-parsers.js';
import { fuzz } from './fuzz.js';
import { safetensorsParser } from './safetensors.js';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});

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
  const inputs = Math.ceil((Number(values.inputs) * parser.weight) / weights);
  const began = performance.now();
  const { accepted, refused } = await fuzz(name, parser, inputs, Number(values.seed));
  const seconds = (performance.now() - began) / 1000;
  total += inputs;
  console.log(
    `${name.padEnd(26)} ${String(inputs).padStart(8)} inputs, ${accepted} parsed, ${refused} refused, ${seconds.toFixed(1)} s`,
  );
}
console.log(`${total} inputs; no hang, no other error than the library's own.`);
