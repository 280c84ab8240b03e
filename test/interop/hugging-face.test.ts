import { memory } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { fitReadout } from '../../src/features/index.js';
import {
  exportONNX,
  huggingFaceFiles,
  readSafetensors,
  stateDict,
  weightsMetadata,
} from '../../src/interop/index.js';
import {
  getTorchvisionWeights,
  mobileNetV2,
  type ResNetOptions,
  resnet18,
  resnet34,
  resnet50,
  setTorchvisionWeights,
} from '../../src/models/index.js';
import { stripes } from '../features/pictures.js';
import { expectTensors } from '../helpers/leaks.js';
import { hashedWeight } from '../models/fill.js';
import { rejection } from '../training/tiny.js';
import { oddEncoder, stockEncoder } from './models.js';
import { parseONNX } from './onnx-reader.js';

// That transformers.js, timm and transformers load the folder and give the same h is tested by test/interop/python.

const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] };
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const json = (bytes: Uint8Array | undefined) => JSON.parse(text(bytes));

describe('weightsMetadata', () => {
  const small = { inputShape: [8, 9, 3] as [number, number, number], width: 2 };
  test.each([
    [
      'resnet18',
      () => resnet18(small),
      { architecture: 'resnet18', stem: 'imagenet', width: '2', dim: '16' },
    ],
    ['resnet34', () => resnet34({ ...small, stem: 'small' }), { architecture: 'resnet34', stem: 'small' }],
    ['resnet50', () => resnet50({ ...small, name: 'other' }), { architecture: 'resnet50', dim: '64' }],
    [
      'a stem of solo-learn',
      () => resnet18({ ...small, stem: { kernelSize: 3, strides: 1, pool: false, padding: 2 } }),
      { stem: '{"kernelSize":3,"strides":1,"pool":false,"padding":2}' },
    ],
    [
      'a stem of lightly',
      () => resnet18({ ...small, stem: { kernelSize: 3, strides: 1, pool: false, activation: 'none' } }),
      { stem: '{"kernelSize":3,"strides":1,"pool":false,"activation":"none"}' },
    ],
    [
      'mobileNetV2',
      () => mobileNetV2({ inputShape: [8, 9, 3], widthMultiplier: 0.1, stem: 'small' }),
      { architecture: 'mobileNetV2', stem: 'small' },
    ],
  ])('%s', (_, build, expected) => {
    const encoder = build();
    expect(weightsMetadata(encoder, { normalization })).toMatchObject({
      library: 'simclr-ts',
      inputSize: '8x9',
      channels: '3',
      range: '[0, 1]',
      normalization: JSON.stringify(normalization),
      ...expected,
    });
    expect(Object.values(weightsMetadata(encoder)).every((value) => typeof value === 'string')).toBe(true);
    encoder.dispose();
  });

  test('a model of other layers has no architecture', () => {
    const encoder = stockEncoder();
    expect(weightsMetadata(encoder)).toEqual({
      library: 'simclr-ts',
      dim: '5',
      inputSize: '9x9',
      channels: '3',
      range: '[0, 1]',
      resize: 'cover',
      interpolation: 'lanczos',
      normalization: 'null',
    });
    encoder.dispose();
  });
});

describe('huggingFaceFiles of a read-out', () => {
  test('give its vectors, and hold its weights beside the encoder', async () => {
    const encoder = resnet18({ inputShape: [16, 16, 3], width: 4 });
    setTorchvisionWeights(encoder, hashedWeight);
    const pictures = stripes(40);
    const readout = await fitReadout({ encoder, normalization }, pictures, { dim: 7 });
    const files = await expectTensors(0, () => huggingFaceFiles(encoder, { normalization, readout }));
    expect(json(files.get('config.json'))).toMatchObject({ model_type: 'simclr-ts', hidden_size: 7 });
    expect(json(files.get('preprocessor_config.json'))).toMatchObject({ do_normalize: true });
    const graph = parseONNX(files.get('onnx/model.onnx')!);
    expect(graph.inputs).toEqual({ pixel_values: ['batch', 3, 16, 16] });
    expect(graph.outputs).toEqual({ image_embeds: ['batch', 7] });
    const { json: said, tensors } = await readout.state();
    const file = readSafetensors(files.get('model.safetensors')!);
    expect(JSON.parse(file.metadata!.readout!)).toEqual(said);
    expect(file.metadata).toMatchObject({ dim: '7', architecture: 'resnet18' });
    expect(JSON.parse(graph.metadata.readout!)).toEqual(said);
    expect(file.tensors.get('readout.kernel')!.data).toEqual(tensors.kernel.data);
    expect(file.tensors.get('readout.bias')!.data).toEqual(tensors.bias.data);
    expect(file.tensors.has('layer4.1.bn2.weight')).toBe(true);
    expect(text(files.get('README.md'))).toContain(
      'its read-out: bn1 on a grid of 3x3, layer1.1.bn2 on a grid of 3x3',
    );

    setTorchvisionWeights(encoder, (weight) => hashedWeight(weight).map((value) => 2 * value));
    for (const wrong of [readout, {}]) {
      const error = await rejection(huggingFaceFiles(encoder, { readout: wrong as typeof readout }));
      expect(`${error.name}: ${error.message}`).toMatch(
        /^InvalidOptionError: huggingFaceFiles: readout must be a Readout that was fitted to the encoder as it is now/,
      );
    }
    readout.dispose();
    encoder.dispose();
  });
});

describe('huggingFaceFiles', () => {
  const standard = (options: ResNetOptions = {}) => {
    const encoder = resnet18({ inputShape: [32, 32, 3], ...options });
    setTorchvisionWeights(encoder, hashedWeight);
    return encoder;
  };

  test('a standard network: what transformers.js, timm and transformers read', async () => {
    const tensorsBefore = memory().numTensors;
    const encoder = standard();
    const files = await huggingFaceFiles(encoder, { normalization, name: 'birds' });
    expect([...files.keys()]).toEqual([
      'config.json',
      'preprocessor_config.json',
      'model.safetensors',
      'onnx/model.onnx',
      'README.md',
    ]);
    expect(json(files.get('config.json'))).toMatchObject({
      model_type: 'timm_wrapper',
      architecture: 'resnet18',
      num_classes: 0,
      num_features: 512,
      pretrained_cfg: { input_size: [3, 32, 32], crop_pct: 1, interpolation: 'lanczos', ...normalization },
      'transformers.js_config': { dtype: 'fp32' },
    });
    expect(json(files.get('preprocessor_config.json'))).toMatchObject({
      size: { shortest_edge: 32 },
      crop_size: { height: 32, width: 32 },
      rescale_factor: 1 / 255,
      do_normalize: true,
      image_mean: normalization.mean,
      image_std: normalization.std,
    });

    const { tensors, metadata } = readSafetensors(files.get('model.safetensors')!);
    expect(metadata).toMatchObject({ format: 'pt', names: 'torchvision', architecture: 'resnet18' });
    for (const [name, values] of await getTorchvisionWeights(encoder)) {
      expect(tensors.get(name)!.data, name).toEqual(values);
    }
    const graph = parseONNX(files.get('onnx/model.onnx')!);
    expect(graph.inputs).toEqual({ pixel_values: ['batch', 3, 'height', 'width'] });
    expect(graph.outputs).toEqual({ image_embeds: ['batch', 512] });
    // The preprocessor normalizes.
    expect(graph.nodes[0]!.operator).toBe('Conv');
    expect(graph.metadata).toMatchObject({ normalizationIncluded: 'false', inputSize: '32x32' });

    const card = text(files.get('README.md'));
    expect(card).toMatch(/^---\nlibrary_name: timm\n/);
    for (const part of [
      '# birds',
      'local-dir:',
      "pipeline('image-feature-extraction'",
      '512',
      '0.5, 0.4, 0.3',
    ]) {
      expect(card).toContain(part);
    }
    encoder.dispose();
    expect(memory().numTensors).toBe(tensorsBefore);
  });

  test('float16 halves weights and names the file as transformers.js looks for it', async () => {
    const encoder = standard({ width: 8, stem: 'small' });
    const files = await huggingFaceFiles(encoder, { precision: 'float16' });
    const { tensors } = readSafetensors(files.get('model.safetensors')!);
    expect(tensors.get('conv1.weight')!.dtype).toBe('F16');
    expect(tensors.get('bn1.num_batches_tracked')!.dtype).toBe('I64');
    expect(files.has('onnx/model.onnx')).toBe(false);
    const graph = parseONNX(files.get('onnx/model_fp16.onnx')!);
    expect(graph.nodes[0]).toMatchObject({
      operator: 'Cast',
      inputs: ['pixel_values'],
      attributes: { to: 10 },
    });
    expect(graph.nodes.at(-1)).toMatchObject({
      operator: 'Cast',
      name: 'image_embeds',
      attributes: { to: 1 },
    });
    expect(new Set([...graph.constants.values()].map(({ type }) => type))).toEqual(new Set([10]));
    expect(graph.metadata.precision).toBe('float16');
    expect(json(files.get('config.json'))['transformers.js_config']).toEqual({ dtype: 'fp16' });
    encoder.dispose();
  });

  test.each<[string, ResNetOptions]>([
    ['a small stem', { stem: 'small', width: 8 }],
    ['another width', { width: 8 }],
    ['other shortcuts', { projectionShortcut: 'always' }],
    ['another epsilon', { batchNormalization: { epsilon: 1e-3 } }],
  ])('%s is not in timm, and the files do not say so', async (_, options) => {
    const encoder = standard(options);
    const files = await huggingFaceFiles(encoder);
    expect(json(files.get('config.json'))).toEqual({
      model_type: 'simclr-ts',
      hidden_size: encoder.outputs[0]!.shape[1],
      'transformers.js_config': { dtype: 'fp32' },
      simclr_ts: expect.objectContaining({ library: 'simclr-ts' }),
    });
    expect(json(files.get('preprocessor_config.json')).do_normalize).toBe(false);
    expect(text(files.get('README.md'))).not.toContain('import timm');
    encoder.dispose();
  });

  test('refuses gray pictures, other networks, and a name of two lines', async () => {
    const tensorsBefore = memory().numTensors;
    const gray = resnet18({ inputShape: [8, 8, 1], width: 2, stem: 'small' });
    await expect(huggingFaceFiles(gray)).rejects.toThrow(ShapeError);
    const color = resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
    await expect(huggingFaceFiles(color, { name: 'a\nb' })).rejects.toThrow('name must be a line of text');
    const other = stockEncoder();
    await expect(huggingFaceFiles(other)).rejects.toThrow(InvalidOptionError);
    for (const encoder of [gray, color, other]) encoder.dispose();
    expect(memory().numTensors).toBe(tensorsBefore);
  });
});

describe('exportONNX', () => {
  test('half precision refuses weights that it cannot hold', async () => {
    const encoder = resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
    setTorchvisionWeights(encoder, (weight) =>
      weight.name === 'layer1.0.bn1.running_var' ? [70_000, 1] : hashedWeight(weight),
    );
    const refused = exportONNX(encoder, { precision: 'float16' });
    await expect(refused).rejects.toThrow(ValueRangeError);
    await expect(refused).rejects.toThrow(/within 65504.*70000 in "encoder\/layer1\.0\.bn1\.running_var"/);
    const state = stateDict(encoder, { precision: 'float16' });
    await expect(state).rejects.toThrow(/within 65504.*70000 in "layer1\.0\.bn1\.running_var"/);
    encoder.dispose();
  });

  test('pictures of any size, unless a layer needs theirs', async () => {
    const encoder = resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
    const { inputs } = parseONNX(await exportONNX(encoder, { pictureSize: 'any', layout: 'NHWC' }));
    expect(inputs).toEqual({ images: ['batch', 'height', 'width', 3] });
    const flat = stockEncoder();
    await expect(exportONNX(flat, { pictureSize: 'any' })).rejects.toThrow(/global pool.*layer "flat"/);
    const odd = oddEncoder();
    await expect(exportONNX(odd, { pictureSize: 'any' })).rejects.toThrow(/known size.*layer "/);
    const pooled = sequential({
      layers: [
        layers.conv2d({ inputShape: [9, 9, 3], filters: 2, kernelSize: 3 }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 2 }),
      ],
    });
    expect(parseONNX(await exportONNX(pooled, { pictureSize: 'any' })).outputs).toEqual({ h: ['batch', 2] });
    for (const each of [encoder, flat, odd, pooled]) each.dispose();
  });

  test('names of input and outputs', async () => {
    const encoder = resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
    const names = { images: 'pixels', h: 'features' };
    const graph = parseONNX(await exportONNX(encoder, { names, normalization }));
    expect([Object.keys(graph.inputs), Object.keys(graph.outputs)]).toEqual([['pixels'], ['features']]);
    expect(graph.metadata).toMatchObject({ normalizationIncluded: 'true' });
    await expect(exportONNX(encoder, { names: { h: 'images' } })).rejects.toThrow('names must differ');
    await expect(exportONNX(encoder, { names: { h: 'a/b' } })).rejects.toThrow('names.h must be letters');
    encoder.dispose();
  });
});
