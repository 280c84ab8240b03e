/**
 * Weights and ONNX files to and from the real Python packages. `run.sh` calls it.
 *
 * For every network of networks.py: our weights, under the package's names, in the package's own network; our ONNX file in
 * onnxruntime; the package's weights, from a .pth file, in our network. Outputs must agree within 1e-4 of the largest.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { fitReadout } from '../../../src/features/index.js';
import {
  exportONNX,
  loadStateDict,
  readSafetensors,
  type StateDictFormat,
  type StateTensorInput,
  stateDict,
  writeSafetensors,
} from '../../../src/interop/index.js';
import {
  mobileNetV2,
  type ProjectionHeadOptions,
  projectionHead,
  type ResNetOptions,
  resnet18,
  resnet34,
  resnet50,
  setTorchvisionWeights,
} from '../../../src/models/index.js';
import { useBackend } from '../../helpers/backend.js';
import { filled, hashedWeight } from '../../models/fill.js';
import { joinedEncoder, oddEncoder, stockEncoder } from '../models.js';
import { file, options, report, reportTrouble, runLane, runPython } from './lane.js';

interface Case {
  name: string;
  package: string;
  format: StateDictFormat;
  architecture: keyof typeof builders;
  stem: NonNullable<ResNetOptions['stem']>;
  size: number;
  head?: ProjectionHeadOptions;
  prefix?: string;
}

interface Answer {
  skipped?: string;
  failed?: string;
  torch?: Record<string, number>;
  onnx?: Record<string, number>;
}

const builders = { resnet18, resnet34, resnet50, mobilenet_v2: mobileNetV2 };

/** The program of the guide that turns a .pth file into a safetensors file. */
function snippetOfGuide(): string {
  const guide = readFileSync(new URL('../../../docs/interop.md', import.meta.url), 'utf8');
  const snippet = /```python\n([\s\S]*?)```/.exec(guide)?.[1];
  if (snippet === undefined) throw new Error('docs/interop.md: no Python program');
  writeFileSync(file('snippet.py'), snippet);
  return file('snippet.py');
}

interface Networks {
  encoder: LayersModel;
  head?: LayersModel;
}

function build({ architecture, stem, size, head }: Case): Networks {
  const build = builders[architecture] as typeof resnet18;
  const encoder = build({ inputShape: [size, size, 3], stem });
  if (head === undefined) return { encoder };
  return { encoder, head: projectionHead({ inputDim: encoder.outputs[0]!.shape[1]!, ...head }) };
}

function picturesOf(encoder: LayersModel): Tensor4D {
  return filled('pictures', [2, ...(encoder.inputs[0]!.shape.slice(1) as number[])], 0.5, 0.5);
}

function outputsOf({ encoder, head }: Networks): Record<'pictures' | 'h' | 'z', StateTensorInput> {
  const stored = (tensor: Tensor): StateTensorInput => ({ data: tensor.dataSync(), shape: tensor.shape });
  return tidy(() => {
    const pictures = picturesOf(encoder);
    const h = encoder.predict(pictures) as Tensor;
    const z = head?.predict(h) as Tensor | undefined;
    return { pictures: stored(pictures), h: stored(h), ...(z && { z: stored(z) }) } as never;
  });
}

async function writeONNX(name: string, { encoder, head }: Networks): Promise<void> {
  for (const layout of ['NCHW', 'NHWC'] as const) {
    const bytes = await exportONNX(encoder, { layout, ...(head && { projectionHead: head }) });
    writeFileSync(file(`${name}.${layout}.onnx`), bytes);
  }
}

async function writeOurs(item: Case): Promise<void> {
  const networks = build(item);
  const { encoder, head } = networks;
  setTorchvisionWeights(encoder, hashedWeight);
  const { format, prefix } = item;
  const state = await stateDict(encoder, { format, ...(prefix !== undefined && { prefix }) });
  if (head) for (const [name, tensor] of await stateDict(head, { format })) state.set(name, tensor);
  writeFileSync(file(`${item.name}.ours.safetensors`), writeSafetensors(state));
  writeFileSync(file(`${item.name}.outputs`), writeSafetensors(outputsOf(networks)));
  await writeONNX(item.name, networks);
  encoder.dispose();
  head?.dispose();
}

/** Largest differences of our outputs with their weights. */
function readTheirs(item: Case): Record<string, number> {
  const networks = build(item);
  const { tensors } = readSafetensors(readFileSync(file(`${item.name}.theirs.safetensors`)));
  loadStateDict(networks.encoder, tensors);
  if (networks.head) loadStateDict(networks.head, tensors);
  const expected = readSafetensors(readFileSync(file(`${item.name}.theirs.outputs`))).tensors;
  const actual = outputsOf(networks);
  const differences: Record<string, number> = {};
  for (const [name, { data }] of expected) {
    const theirs = data as Float32Array;
    const ours = actual[name as 'h'].data as Float32Array;
    const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = theirs.reduce((most, value, index) => Math.max(most, Math.abs(value - ours[index]!)), 0);
    differences[name] = ours.length === theirs.length ? worst / largest : Number.NaN;
  }
  networks.encoder.dispose();
  networks.head?.dispose();
  return differences;
}

/** A read-out as a model of its own: two stages, on a grid that does not divide its map, and on one that does. */
async function readoutModel(): Promise<LayersModel> {
  const encoder = resnet18({ inputShape: [32, 32, 3], width: 8 });
  setTorchvisionWeights(encoder, hashedWeight);
  const pictures = tidy(() => filled('fitted', [80, 32, 32, 3], 0.5, 0.5)) as Tensor4D;
  const stages = [
    { layer: 'bn1', grid: 3 },
    { layer: 'layer2.1.bn2', grid: 2, weight: 0.5 },
  ];
  const readout = await fitReadout(encoder, pictures, { stages, dim: 20 });
  pictures.dispose();
  encoder.dispose();
  return readout.model;
}

async function main(): Promise<boolean> {
  await useBackend('wasm');
  const stock = {
    'read-out': await readoutModel(),
    'usual-layers': stockEncoder(),
    'odd-layers': oddEncoder(),
    'joined-layers': joinedEncoder(),
  };
  runPython('round_trips.py', '--cases');
  const all = JSON.parse(readFileSync(file('cases.json'), 'utf8')) as Case[];
  const cases = all.filter(({ name }) => name.includes(options.only));
  for (const item of cases) await writeOurs(item);
  for (const [name, encoder] of Object.entries(stock)) {
    writeFileSync(file(`${name}.outputs`), writeSafetensors(outputsOf({ encoder })));
    await writeONNX(name, { encoder });
  }
  const names = { cases: cases.map(({ name }) => name), stock: Object.keys(stock) };
  writeFileSync(file('names.json'), JSON.stringify(names));
  runPython('round_trips.py', snippetOfGuide());
  const answers = JSON.parse(readFileSync(file('answers.json'), 'utf8')) as Record<string, Answer>;
  let good = true;
  for (const [name, { skipped, failed, torch, onnx }] of Object.entries(answers)) {
    good = reportTrouble(name, { skipped, failed }) && good;
    if (torch) {
      good = report(name, 'our weights in its network', torch) && good;
      const item = cases.find((candidate) => candidate.name === name)!;
      good = report(name, 'its weights in ours', readTheirs(item)) && good;
    }
    if (onnx) good = report(name, 'onnxruntime', onnx, name === 'read-out' ? 1e-5 : 1e-4) && good;
  }
  return good;
}

await runLane(main);
