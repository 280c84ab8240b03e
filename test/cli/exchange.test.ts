import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getBackend, ones, setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { SimCLR } from 'simclr-ts';
import { type StateTensor, type StateTensorInput, stateDict, writeSafetensors } from 'simclr-ts/interop';
import { resnet18 } from 'simclr-ts/models';
import { directory, readWeights } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tiny, writeClasses } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

// Models for other programs, and weights of others.

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-'));
  await writeClasses(join(cwd, 'photos'), 12);
  await runCLI(['train', 'photos', ...tiny, '--out', 'model'], { cwd });
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const path = (name: string) => join(cwd, name);
const settings = (model: string) => JSON.parse(readFileSync(path(`${model}/training.json`), 'utf8'));
const firstConvolution = async (name: string, prefix = '') => {
  const { tensors } = await readWeights(path(name));
  return (tensors as ReadonlyMap<string, StateTensor>).get(`${prefix}conv1.weight`)!;
};
/** The untrained state, in which a run begins. */
const begin = (name: string) => firstConvolution(`${name}/checkpoints/step-0000000000`, 'encoder.');

describe('export', () => {
  it('writes a Hugging Face folder, and keeps the card that is there', async () => {
    const args = ['export', '--model', 'model', '--huggingface', 'hf', '--float16'];
    const { code, json } = await runJSON(args, { cwd });
    expect(code).toBe(0);
    const names = (files: unknown) => (files as { path: string }[]).map((file) => file.path);
    expect(names(json.files)).toEqual(
      [
        'config.json',
        'preprocessor_config.json',
        'model.safetensors',
        'onnx/model_fp16.onnx',
        'README.md',
      ].map((name) => join('hf', name)),
    );
    expect((await firstConvolution('hf')).dtype).toBe('F16');
    expect(readFileSync(path('hf/README.md'), 'utf8')).toContain('# hf\n');
    writeFileSync(path('hf/README.md'), 'mine');
    const second = await runJSON(args, { cwd });
    expect(names(second.json.files)).not.toContain(join('hf', 'README.md'));
    expect(readFileSync(path('hf/README.md'), 'utf8')).toBe('mine');
  });

  it('writes a folder that TensorFlow.js loads without this library', async () => {
    await runJSON(['export', '--model', 'model', '--tfjs', 'web'], { cwd });
    const { json } = await runJSON(['export', '--model', 'model', '--tfjs', 'web'], { cwd });
    expect(json.files).toMatchObject([
      { path: join('web', 'model.json') },
      { path: join('web', 'weights.bin') },
    ]);
    const program = `
      import '@tensorflow/tfjs-backend-cpu';
      import { io, ones, setBackend } from '@tensorflow/tfjs-core';
      import { loadLayersModel } from '@tensorflow/tfjs-layers';
      import { readFileSync } from 'node:fs';
      await setBackend('cpu');
      const { modelTopology, weightsManifest, userDefinedMetadata } = JSON.parse(readFileSync('${path('web/model.json')}', 'utf8'));
      const weightData = new Uint8Array(readFileSync('${path('web/weights.bin')}')).buffer;
      const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
      const model = await loadLayersModel(io.fromMemory({ modelTopology, weightSpecs, weightData }));
      const h = model.predict(ones([2, 32, 32, 3]));
      console.log(JSON.stringify({ h: Array.from(h.dataSync()), inputSize: userDefinedMetadata.inputSize }));
    `;
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const args = ['--input-type=module', '--eval', program];
    const output = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    const { h, inputSize } = JSON.parse(output.trim().split('\n').at(-1)!);
    expect(inputSize).toBe('32x32');
    const active = getBackend();
    await setBackend('cpu'); // as in the program
    const simclr = await SimCLR.load(directory(path('model')));
    const own = tidy(() => (simclr.encoder.predict(ones([2, 32, 32, 3])) as Tensor).dataSync());
    simclr.dispose();
    await setBackend(active);
    expect(h).toHaveLength(64);
    for (const [i, value] of own.entries()) expect(h[i]).toBeCloseTo(value, 5);
  });

  it.each([
    [[], '--onnx FILE, --safetensors FILE, --huggingface DIR or --tfjs DIR'],
    [['--tfjs', 'w', '--float16'], '--float16 is for --onnx'],
    [['--tfjs', 'w', '--any-size'], '--any-size is for --onnx'],
    [['--tfjs', 'model'], 'which holds another model'],
  ])('refuses %j', async (flags, message) => {
    const { code, json } = await runJSON(['export', '--model', 'model', ...flags], { cwd });
    expect(code).toBe(2);
    expect((json.error as { message: string }).message).toContain(message);
  });
});

describe('train --from', () => {
  const train = (out: string, ...args: string[]) =>
    runJSON(['train', 'photos', '--epochs', '1', '--batch-size', '8', '--keep', '2', '--out', out, ...args], {
      cwd,
    });

  it('starts from a model of its own, with its network', async () => {
    const { code } = await train('second', '--from', 'model');
    expect(code).toBe(0);
    expect((await begin('second')).data).toEqual((await firstConvolution('model', 'encoder.')).data);
    const { recipe, from } = settings('second');
    expect(from).toBe('model');
    expect(recipe.encoder).toMatchObject({
      name: 'resnet18',
      width: 4,
      stem: 'small',
      inputShape: [32, 32, 3],
    });
    const resumed = await runJSON(['train', 'photos', '--out', 'second', '--resume', '--epochs', '2'], {
      cwd,
    });
    expect(resumed.json).toMatchObject({ outcome: 'completed', step: 6 });
  });

  it('starts from a Hugging Face folder', async () => {
    await runJSON(['export', '--model', 'model', '--huggingface', 'folder'], { cwd });
    expect((await train('third', '--from', 'folder')).code).toBe(0);
    expect((await begin('third')).data).toEqual((await firstConvolution('model', 'encoder.')).data);
  });

  it("starts from torchvision's state dict, as an ImageNet classifier is used", async () => {
    const encoder = resnet18({ inputShape: [32, 32, 3], width: 4, seed: 7 });
    const classifier = { data: new Float32Array(32_000), shape: [1000, 32] };
    const state = new Map<string, StateTensorInput>(await stateDict(encoder));
    state.set('fc.weight', classifier);
    writeFileSync(path('torchvision.safetensors'), writeSafetensors(state));
    encoder.dispose();
    const { code } = await train('fourth', '--from', 'torchvision.safetensors', '--size', '32');
    expect(code).toBe(0);
    const { recipe } = settings('fourth');
    expect(recipe).toMatchObject({
      normalization: { mean: [0.485, 0.456, 0.406] },
      encoder: { width: 4, stem: 'imagenet' },
    });
  });

  it.each([
    [['--from', 'model', '--resume'], 2, '--from starts a run and --resume continues one'],
    [['--from', 'model', '--stem', 'imagenet'], 4, 'must have the stem that the weights were trained with'],
    [['--from', 'model', '--width', '8'], 4, 'another shape'],
    [['--from', 'nowhere'], 3, 'ENOENT'],
    [['--from', 'photos'], 3, 'model.safetensors'],
  ])('refuses %j', async (flags, status, message) => {
    const { code, json } = await train('refused', ...flags);
    expect((json.error as { message: string }).message).toContain(message);
    expect(code).toBe(status);
  });
});

describe('train --log-dir', () => {
  it('writes events, views and embeddings for TensorBoard', async () => {
    const args = ['train', 'photos', ...tiny, '--out', 'logged', '--log-dir', 'logs/one'];
    expect((await runJSON(args, { cwd })).code).toBe(0);
    const files = readdirSync(path('logs/one')).sort();
    expect(files).toEqual([
      expect.stringMatching(/^events\.out\.tfevents\./),
      'projector',
      'projector_config.pbtxt',
    ]);
    const text = readFileSync(path(`logs/one/${files[0]}`), 'latin1');
    for (const tag of ['train/loss', 'epoch/loss', 'views']) expect(text).toContain(tag);
    const rows = readFileSync(path('logs/one/projector/h.tsv'), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(24);
  });
});
