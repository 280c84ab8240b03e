import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { projectionHead, SimCLR } from 'simclr-ts';
import { huggingFaceFiles, type StateTensorInput, stateDict, writeSafetensors } from 'simclr-ts/interop';
import { resnet18 } from 'simclr-ts/models';
import { directory, readWeights, writeFiles } from 'simclr-ts/node';
import { expect, it } from 'vitest';
import { DataError, InvalidOptionError } from '../../src/errors/index.js';
import { temporaryFolder } from './temporary.js';

const small = () => resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small', seed: 3 });
const normalization = { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] };
const convolution = async (encoder: LayersModel) => (await stateDict(encoder)).get('conv1.weight')!.data;

it('writes files into a folder, keeps some, and stays inside', async () => {
  const folder = join(temporaryFolder(), 'new');
  const bytes = (text: string) => new TextEncoder().encode(text);
  const files = new Map([
    ['README.md', bytes('first')],
    ['onnx/model.onnx', bytes('12345')],
  ]);
  expect(await writeFiles(folder, files)).toEqual([
    { path: 'README.md', bytes: 5 },
    { path: 'onnx/model.onnx', bytes: 5 },
  ]);
  writeFileSync(join(folder, 'README.md'), 'edited');
  const second = new Map([...files, ['onnx/model.onnx', bytes('6')]]);
  expect(await writeFiles(folder, second, { keep: ['README.md'] })).toEqual([
    { path: 'onnx/model.onnx', bytes: 1 },
  ]);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('edited');
  expect(readFileSync(join(folder, 'onnx/model.onnx'), 'utf8')).toBe('6');
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'onnx']);

  for (const path of ['../out', '/abs', 'a//b', 'a\\b', '']) {
    await expect(writeFiles(folder, new Map([[path, bytes('')]]))).rejects.toThrow(InvalidOptionError);
  }
  await expect(writeFiles(join(folder, 'README.md'), files)).rejects.toThrow(DataError);
});

it('reads weights from a saved model, a Hugging Face folder and a file', async () => {
  const tensorsBefore = memory().numTensors;
  const root = temporaryFolder();
  const encoder = small();
  const head = projectionHead({ inputDim: 16, hidden: [4], outputDim: 3 });
  const simclr = new SimCLR({ encoder, projectionHead: head, normalization });
  await simclr.save(directory(join(root, 'model')));
  await writeFiles(join(root, 'hf'), await huggingFaceFiles(encoder, { normalization }));
  writeFileSync(join(root, 'a.safetensors'), writeSafetensors(await stateDict(encoder)));
  const expected = await convolution(encoder);
  simclr.dispose({ includeGiven: true });
  expect(memory().numTensors).toBe(tensorsBefore);

  const saved = await readWeights(join(root, 'model'));
  const names = new Map(saved.tensors as ReadonlyMap<string, StateTensorInput>);
  expect(names.get('encoder.conv1.weight')!.data).toEqual(expected);
  expect(names.has('projector.0.weight')).toBe(true);
  expect(saved.metadata).toMatchObject({ normalization: JSON.stringify(normalization), stem: 'small' });
  expect(memory().numTensors).toBe(tensorsBefore);

  for (const path of ['hf', 'a.safetensors']) {
    const { tensors } = await readWeights(join(root, path));
    expect((tensors as typeof names).get('conv1.weight')!.data, path).toEqual(expected);
  }
  expect((await readWeights(join(root, 'hf'))).metadata).toMatchObject({ architecture: 'resnet18' });
});

it("takes the normalization of timm's config.json", async () => {
  const folder = temporaryFolder();
  const encoder = small();
  writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(await stateDict(encoder)));
  encoder.dispose();
  expect((await readWeights(folder)).metadata).toEqual({});
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ pretrained_cfg: normalization }));
  expect((await readWeights(folder)).metadata).toEqual({ normalization: JSON.stringify(normalization) });
  writeFileSync(join(folder, 'config.json'), 'no JSON');
  expect((await readWeights(folder)).metadata).toEqual({});
});

it('says what is wrong with a path', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'a.pth'), 'PK pickled');
  await expect(readWeights(join(folder, 'empty'))).rejects.toThrow(
    /model\.json\) or model\.safetensors.*neither/,
  );
  await expect(readWeights(join(folder, 'nothing'))).rejects.toThrow(/ENOENT/);
  await expect(readWeights(join(folder, 'a.pth'))).rejects.toThrow(/must be safetensors.*Only Python/s);
});
