/**
 * Run by run-program.ts under Node, Bun and Deno, in the folder of a user of the package: trains two steps on threads,
 * saves, loads, embeds and decodes. Prints, as JSON, what must be the same everywhere.
 */
import { projectionHead, randomGenerator, resnet18, SGD, SimCLR, simclrAugmentation } from 'simclr-ts';
import { decodePool, directory, useBestBackend } from 'simclr-ts/node';
import { setThreadCount, wasmKernels } from 'simclr-ts/wasm';

const [picture, model, threads] = process.argv.slice(2);
setThreadCount(Number(threads));
await useBestBackend({ prefer: 'wasm' });

const options = {
  encoder: resnet18({ inputShape: [16, 16, 3], stem: 'small', width: 8 }),
  projectionHead: projectionHead({ inputDim: 64, hidden: [16], outputDim: 8 }),
  augmentation: simclrAugmentation({ size: 16 }),
  optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }),
};
const simclr = new SimCLR(options);
// Each picture a color of its own under noise: pictures that are alike would make roundings large.
const random = randomGenerator(1);
const data = new Uint8Array(16 * 768);
for (let i = 0; i < data.length; i++)
  data[i] = ((Math.floor(i / 768) * 16 * (1 + (i % 3))) % 200) + random.integer(50);
const images = { data, shape: [16, 16, 16, 3] };
const embed = async (which) => [...(await (await which.embed(images)).data())];
const untrained = await embed(simclr);
const losses = [];
for (let step = 0; step < 2; step++) losses.push((await simclr.trainStep(images)).loss);

await simclr.save(directory(model));
const loaded = await SimCLR.load(directory(model));
const [before, after] = [await embed(simclr), await embed(loaded)];

const decode = decodePool({ size: 8, workers: 1 });
const [decoded] = await decode([{ name: picture }]);
await decode.close();

const { width, isFused, threads: used } = wasmKernels();
console.log(
  JSON.stringify({
    threads: used,
    wasmBuild: width === 'wide' ? 'wide' : isFused ? 'relaxed' : 'plain',
    values: {
      'untrained vectors': untrained.slice(0, 8),
      losses,
      'trained vectors': before.slice(0, 8),
      'decoded pixels': [...decoded.data.slice(0, 12)],
    },
    same: before.every((value, i) => value === after[i]),
  }),
);
