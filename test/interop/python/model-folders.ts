/**
 * Folders of `huggingFaceFiles` in the real packages, and folders of timm here. `run.sh` calls it.
 *
 * The same pictures go through our encoder and, as files, through transformers.js (with onnxruntime-node, from npm), timm,
 * transformers and onnxruntime (from PyPI). They have the encoder's size, so that no resizing comes in between. h must
 * agree within 1e-4 of the largest value, and within 5e-3 in half precision.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import sharp from 'sharp';
import { type NormalizeOptions, normalize } from '../../../src/augmentations/index.js';
import type { ImageArray } from '../../../src/data/index.js';
import { fitReadout, type ReadoutStage } from '../../../src/features/index.js';
import {
  describeWeights,
  huggingFaceFiles,
  readSafetensors,
  startFrom,
  writeSafetensors,
} from '../../../src/interop/index.js';
import {
  mobileNetV2,
  projectionHead,
  resnet18,
  resnet34,
  resnet50,
  setTorchvisionWeights,
} from '../../../src/models/index.js';
import { readWeights, writeFiles } from '../../../src/node/index.js';
import { useBackend } from '../../helpers/backend.js';
import { hashedValues } from '../../helpers/hashed-values.js';
import { hashedWeight } from '../../models/fill.js';
import { type Answer, file, options, report, reportTrouble, runLane, runPython } from './lane.js';

interface Case {
  name: string;
  build: (inputShape: [number, number, number]) => LayersModel;
  size: [height: number, width: number];
  precision: 'float32' | 'float16';
  normalization?: NormalizeOptions;
  /** Whether timm has the network. */
  timm: boolean;
  /** What the folder reads in place of h. */
  stages?: ReadoutStage[];
}

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const standard = { precision: 'float32', timm: true } as const;
const cases: Case[] = [
  {
    name: 'resnet18',
    build: (inputShape) => resnet18({ inputShape }),
    size: [64, 64],
    normalization: imagenet,
    ...standard,
  },
  { name: 'resnet34-plain', build: (inputShape) => resnet34({ inputShape }), size: [96, 64], ...standard },
  {
    name: 'resnet50-float16',
    build: (inputShape) => resnet50({ inputShape }),
    size: [64, 64],
    normalization: imagenet,
    precision: 'float16',
    timm: true,
  },
  {
    name: 'resnet18-small-float16',
    build: (inputShape) => resnet18({ inputShape, stem: 'small', width: 16 }),
    size: [32, 32],
    precision: 'float16',
    timm: false,
  },
  {
    name: 'mobilenet',
    build: (inputShape) => mobileNetV2({ inputShape }),
    size: [64, 64],
    normalization: imagenet,
    precision: 'float32',
    timm: false,
  },
  {
    name: 'resnet18-read-out',
    build: (inputShape) => resnet18({ inputShape, width: 16 }),
    size: [64, 64],
    normalization: imagenet,
    precision: 'float32',
    timm: false,
    stages: [{ layer: 'bn1', grid: 3 }, { layer: 'avgpool' }],
  },
];

const picturesPerCase = 2;

/** Bytes of a picture. */
function pixelsOf(name: string, [height, width]: readonly [number, number]): Uint8Array {
  return Uint8Array.from(hashedValues(name, height * width * 3), (value) =>
    Math.round((0.5 + 0.5 * value) * 255),
  );
}

/** Noise of many contrasts: pictures must differ by more than noise does, or whitening enlarges rounding errors. */
function picturesToFit([height, width]: readonly [number, number]): ImageArray {
  const count = 80;
  const pixels = Array.from({ length: count }, (_, i) => {
    const contrast = ((i * 7) % count) / count;
    return pixelsOf(`fitted.${i}`, [height, width]).map((byte) => contrast * byte);
  });
  return { data: Uint8Array.from(pixels.flatMap((each) => [...each])), shape: [count, height, width, 3] };
}

function embed(encoder: LayersModel, pixels: Uint8Array, { normalization }: Case): number[] {
  const [height, width] = encoder.inputs[0]!.shape.slice(1) as [number, number];
  return tidy(() => {
    const picture = tensor4d(
      Float32Array.from(pixels, (byte) => byte / 255),
      [1, height, width, 3],
    );
    const input = normalization ? (normalize(normalization).apply(picture, null) as Tensor4D) : picture;
    return Array.from((encoder.predict(input) as Tensor).dataSync());
  });
}

async function writeCase(item: Case): Promise<object> {
  const { name, build, size, precision, normalization, timm, stages } = item;
  const encoder = build([...size, 3]);
  setTorchvisionWeights(encoder, hashedWeight);
  const normalizing = normalization && { normalization };
  const readout =
    stages && (await fitReadout({ encoder, ...normalizing }, picturesToFit(size), { stages, dim: 8 }));
  const files = await huggingFaceFiles(encoder, { precision, ...normalizing, ...(readout && { readout }) });
  await writeFiles(file(name), files);
  const expected: Record<string, number[]> = {};
  for (let i = 0; i < picturesPerCase; i++) {
    const pixels = pixelsOf(`${name}.${i}`, size);
    const [height, width] = size;
    const path = file(`${name}.${i}.png`);
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(path);
    expected[path] = embed(readout?.model ?? encoder, pixels, item);
  }
  // The ONNX file takes other sizes too, but for a read-out.
  const other = (readout ? size : [size[0] + 8, size[1] + 24]) as [number, number];
  const larger = readout?.model ?? build([...other, 3]);
  if (!readout) setTorchvisionWeights(larger, hashedWeight);
  const pixels = pixelsOf(name, other);
  const h = embed(larger, pixels, item);
  const values = Float32Array.from(pixels, (byte, i) => {
    const { mean, std } = normalization ?? { mean: [0, 0, 0], std: [1, 1, 1] };
    return (byte / 255 - mean[i % 3]!) / std[i % 3]!;
  });
  const tensors = {
    pictures: { data: values, shape: [1, ...other, 3] },
    h: { data: Float32Array.from(h), shape: [1, h.length] },
  };
  writeFileSync(file(`${name}.larger`), writeSafetensors(tensors));
  encoder.dispose();
  larger.dispose();
  return { name, folder: file(name), expected, timm, precision };
}

/** Installs transformers.js below node_modules/.cache. Its script would fetch CUDA from elsewhere. @throws when npm cannot. */
function installTransformers(): string {
  const place = fileURLToPath(new URL('../../../node_modules/.cache/interop-js', import.meta.url));
  mkdirSync(place, { recursive: true });
  // A package of its own: without it npm would climb up and write in the library's package.json.
  writeFileSync(join(place, 'package.json'), '{ "private": true, "type": "module" }\n');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '@huggingface/transformers@4'];
  execFileSync('npm', args, { cwd: place, stdio: 'pipe', shell: process.platform === 'win32' });
  return place;
}

/** The program that runs there. It uses the folder as the guide says. */
const program = `
  import { readFileSync } from 'node:fs';
  import { env, pipeline } from '@huggingface/transformers';
  env.allowRemoteModels = false;
  const answers = {};
  for (const { name, folder, expected } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
    try {
      const embed = await pipeline('image-feature-extraction', folder);
      const entries = Object.entries(expected).map(async ([path, h]) => {
        const { data, dims, type } = await embed(path);
        if (String(dims) !== String([1, h.length]) || type !== 'float32') throw new Error(dims + ' ' + type);
        const worst = Math.max(...h.map((value, i) => Math.abs(value - data[i])));
        return worst / Math.max(...h.map(Math.abs));
      });
      answers[name] = { 'transformers.js': { h: Math.max(...(await Promise.all(entries))) } };
    } catch (error) {
      answers[name] = { failed: String(error?.stack ?? error) };
    }
  }
  console.log('answers: ' + JSON.stringify(answers));
`;

function askTransformersJS(list: string, names: readonly string[]): Record<string, Answer> {
  let place: string;
  try {
    place = installTransformers();
  } catch (error) {
    const skipped = `npm cannot install @huggingface/transformers: ${(error as { stderr?: Buffer }).stderr ?? error}`;
    return Object.fromEntries(names.map((name) => [name, { skipped }]));
  }
  const script = join(place, 'program.js');
  writeFileSync(script, program);
  const output = execFileSync(process.execPath, [script, list], { cwd: place, encoding: 'utf8' });
  return JSON.parse(/^answers: (.*)$/m.exec(output)![1]!) as Record<string, Answer>;
}

/** A folder that timm has saved, here: what it is, and whether training would start from it. */
async function readTheirs(): Promise<boolean> {
  const weights = await readWeights(file('theirs'));
  const { architecture, width, stem, normalization } = describeWeights(weights);
  const { data } = readSafetensors(readFileSync(file('theirs.h'))).tensors.get('h')!;
  const encoder = resnet18({ inputShape: [64, 64, 3] });
  const head = projectionHead({ inputDim: 512, hidden: [8], outputDim: 4 });
  const { ignored } = startFrom({ encoder, projectionHead: head }, weights);
  const pixels = pixelsOf('resnet18.0', [64, 64]);
  const h = embed(encoder, pixels, { ...cases[0]!, normalization: normalization! });
  const theirs = data as Float32Array;
  const worst = h.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
  encoder.dispose();
  head.dispose();
  const described = `${architecture} ${width} ${stem} ${normalization?.mean} ${[...ignored].sort()}`;
  const isRight = described === `resnet18 64 imagenet ${[0.1, 0.2, 0.3]} fc.bias,fc.weight`;
  if (!isRight) console.log(`FAIL timm's folder here: ${described}`);
  const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return report('resnet18', "timm's folder here", { h: worst / largest }) && isRight;
}

async function main(): Promise<boolean> {
  await useBackend('wasm');
  const chosen = cases.filter(({ name }) => name.includes(options.only));
  if (chosen.length === 0) return true;
  const written: object[] = [];
  for (const item of chosen) written.push(await writeCase(item));
  const list = file('folders.json');
  writeFileSync(list, JSON.stringify(written));
  runPython('model_folders.py');
  const python = JSON.parse(readFileSync(file('answers.json'), 'utf8')) as Record<string, Answer>;
  const names = chosen.map(({ name }) => name);
  const script = askTransformersJS(list, names);
  let good = true;
  for (const { name, precision, stages } of chosen) {
    for (const answer of [python[name]!, script[name]!]) {
      good = reportTrouble(name, answer) && good;
      const { skipped: _, failed: __, ...checks } = answer;
      for (const [what, differences] of Object.entries(checks)) {
        const tolerance = precision === 'float16' ? 5e-3 : stages ? 1e-5 : 1e-4;
        good = report(name, what, differences as Record<string, number>, tolerance) && good;
      }
    }
  }
  if (python.theirs) {
    good = reportTrouble('theirs', python.theirs) && good;
    if (python.theirs.skipped === undefined) good = (await readTheirs()) && good;
  }
  return good;
}

await runLane(main);
