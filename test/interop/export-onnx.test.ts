import {
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';
import { describe, expect, test, vi } from 'vitest';
import { InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import { exportONNX } from '../../src/interop/index.js';
import { getTorchvisionWeights, projectionHead, resnet18 } from '../../src/models/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { encoders, joinedEncoder, oddEncoder, stockEncoder } from './models.js';
import { parseONNX as parse } from './onnx-reader.js';

// That onnxruntime computes the same h and z is tested by test/interop/python: here is what the file says.

describe('exportONNX', () => {
  test.each([
    ...encoders,
    ['usual layers', stockEncoder] as const,
    ['odd layers', oddEncoder] as const,
    ['joined layers', joinedEncoder] as const,
  ])('%s: every node finds its inputs, no name comes twice, no tensor is left', async (_, build) => {
    const encoder = build();
    const dim = encoder.outputs[0]!.shape[1]!;
    const head = projectionHead({
      inputDim: dim,
      hidden: [4],
      outputDim: 3,
      batchNormalization: { hidden: true },
    });
    const file = await expectTensors(0, () => exportONNX(encoder, { projectionHead: head }));
    const { operatorSet, nodes, constants, inputs, outputs } = parse(file);
    expect(operatorSet).toBe(17);
    const [, height, width, channels] = encoder.inputs[0]!.shape;
    expect(inputs).toEqual({ images: ['batch', channels, height, width] });
    expect(outputs).toEqual({ h: ['batch', dim], z: ['batch', 3] });
    const known = new Set(['images', ...constants.keys()]);
    for (const node of nodes) {
      for (const name of node.inputs) expect(known, node.name).toContain(name);
      expect(known).not.toContain(node.name);
      known.add(node.name);
    }
    expect([...known].filter((name) => name in outputs)).toEqual(['h', 'z']);
    for (const [name, { shape, values }] of constants) {
      if (!/(pads|axes)$/.test(name)) {
        expect(values, name).toHaveLength(shape.reduce((product, size) => product * size, 1));
      }
    }
    encoder.dispose();
    head.dispose();
  });

  test('a MobileNet: its operators, with depthwise convolutions as groups', async () => {
    const encoder = encoders.find(([name]) => name === 'mobileNetV2')![1]();
    const { nodes, constants } = parse(await exportONNX(encoder));
    const counts: Record<string, number> = {};
    for (const { operator } of nodes) counts[operator] = (counts[operator] ?? 0) + 1;
    expect(counts).toEqual({
      Conv: 52,
      BatchNormalization: 52,
      Clip: 35,
      // Ten as in the usual width, and one more block that changes no shape.
      Add: 11,
      GlobalAveragePool: 1,
      Flatten: 1,
      Identity: 1,
    });
    const clip = nodes.find(({ operator }) => operator === 'Clip')!;
    expect(clip.inputs.slice(1).map((name) => [...constants.get(name)!.values])).toEqual([[0], [6]]);
    const depthwise = nodes.find(({ name }) => name.endsWith('features.1.conv.0.0'))!;
    const { shape } = constants.get(depthwise.inputs[1]!)!;
    expect(shape.slice(1)).toEqual([1, 3, 3]);
    expect(depthwise.attributes).toMatchObject({ group: shape[0], kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
    for (const [name, values] of await getTorchvisionWeights(encoder)) {
      const [key] = [...constants.keys()].filter((key) => key.endsWith(`.${name}`));
      expect(constants.get(key!)!.values, name).toEqual(values);
    }
    encoder.dispose();
  });

  test('a ResNet: its operators, and its weights in the order of PyTorch', async () => {
    const encoder = encoders[0]![1]();
    const { nodes, constants } = parse(await exportONNX(encoder));
    const counts: Record<string, number> = {};
    for (const { operator } of nodes) counts[operator] = (counts[operator] ?? 0) + 1;
    expect(counts).toEqual({
      Conv: 20,
      BatchNormalization: 20,
      Relu: 17,
      Add: 8,
      MaxPool: 1,
      GlobalAveragePool: 1,
      Flatten: 1,
      Identity: 1,
    });
    expect(nodes[0]).toEqual({
      operator: 'Conv',
      name: 'encoder/conv1',
      inputs: ['images', 'encoder/conv1.weight'],
      attributes: { kernel_shape: [7, 7], strides: [2, 2], pads: [3, 3, 3, 3] },
    });
    for (const [name, values] of await getTorchvisionWeights(encoder)) {
      expect(constants.get(`encoder/${name}`)!.values, name).toEqual(values);
    }
    encoder.dispose();
  });

  test('layout NHWC, open sizes and a normalization', async () => {
    const x = input({ shape: [null, null, 3] as never });
    const pooled = layers.globalMaxPooling2d({ name: 'most' }).apply(x) as SymbolicTensor;
    const encoder = model({ inputs: x, outputs: pooled });
    const normalization = { mean: [0.1, 0.2, 0.3], std: [1, 2, 3] };
    const { nodes, inputs, constants } = parse(await exportONNX(encoder, { layout: 'NHWC', normalization }));
    expect(inputs).toEqual({ images: ['batch', 'height', 'width', 3] });
    expect(nodes.map(({ operator }) => operator)).toEqual([
      'Transpose',
      'Sub',
      'Div',
      'GlobalMaxPool',
      'Flatten',
      'Identity',
    ]);
    expect(constants.get('normalization.mean')).toEqual({
      shape: [1, 3, 1, 1],
      type: 1,
      values: Float32Array.of(0.1, 0.2, 0.3),
    });
  });

  test("padding 'same' in numbers, since onnxruntime takes auto_pad neither with dilations nor with long strides", async () => {
    const paddings = async (shape: unknown, ...stack: LayersModel['layers']) => {
      const x = input({ shape: shape as number[] });
      const y = stack.reduce((tensor, layer) => layer.apply(tensor) as SymbolicTensor, x);
      const h = layers.globalAveragePooling2d({}).apply(y) as SymbolicTensor;
      const encoder = model({ inputs: x, outputs: h });
      const { nodes } = parse(await exportONNX(encoder));
      encoder.dispose();
      return nodes.slice(0, stack.length).map(({ attributes: { pads, auto_pad } }) => pads ?? auto_pad);
    };
    const same = { padding: 'same' as const };
    const convolution = (kernelSize: number, options: object) =>
      layers.conv2d({ filters: 3, kernelSize, ...same, ...options });
    // [top, left, bottom, right]; as in TensorFlow, what is odd goes to the end.
    expect(await paddings([9, 8, 3], convolution(3, { dilationRate: [2, 3] }), convolution(2, {}))).toEqual([
      [2, 3, 2, 3],
      'SAME_UPPER',
    ]);
    expect(await paddings([9, 8, 3], convolution(2, { dilationRate: 3 }))).toEqual([[1, 1, 2, 2]]);
    expect(await paddings([9, 8, 3], convolution(3, { strides: 2 }))).toEqual(['SAME_UPPER']);
    const long = () => layers.maxPooling2d({ poolSize: 2, strides: 5, ...same });
    expect(await paddings([9, 8, 3], long())).toEqual(['VALID']);
    expect(await paddings([6, 8, 3], long())).toEqual([[0, 0, 1, 0]]);
    expect(await paddings([9, 8, 3], convolution(3, { padding: 'valid' }))).toEqual(['VALID']);
    const open = [null, null, 3];
    expect(await paddings(open, convolution(3, { dilationRate: 2 }))).toEqual([[2, 2, 2, 2]]);
    expect(await paddings(open, convolution(3, { strides: 2 }))).toEqual(['SAME_UPPER']);
    await expect(paddings(open, long())).rejects.toThrow(/strides longer than its windows.*of a known size/);
  });

  test('refuses, by name, layers and options without a counterpart', async () => {
    const pictures = { inputShape: [4, 4, 2] };
    const end = (layer: LayersModel['layers'][number]) =>
      sequential({ layers: [layer, layers.globalAveragePooling2d({})] });
    const refusal = async (layer: LayersModel['layers'][number], message: string | RegExp) => {
      const encoder = end(layer);
      await expect(exportONNX(encoder)).rejects.toThrow(InvalidOptionError);
      await expect(exportONNX(encoder)).rejects.toThrow(message);
    };
    await refusal(
      layers.upSampling2d({ ...pictures, name: 'larger' } as never),
      /exportONNX: every layer must be one that can be exported \(.*\)\. Received: layer "larger" \(UpSampling2D\)\./,
    );
    await refusal(
      layers.activation({ ...pictures, activation: 'selu', name: 'bend' }),
      'exportONNX: an activation must be one of linear, relu, relu6, sigmoid, tanh; this one is selu. Received: layer "bend" (Activation).',
    );
    await refusal(layers.batchNormalization({ ...pictures, axis: 1, name: 'odd' }), /last axis.*"odd"/);
    await refusal(layers.dense({ ...pictures, units: 2, name: 'every' }), /dense layers must take.*"every"/);
    await refusal(
      layers.conv2d({ ...pictures, filters: 2, kernelSize: 1, dataFormat: 'channelsFirst', name: 'first' }),
      /channelsLast.*"first"/,
    );
    const shared = layers.conv2d({ filters: 2, kernelSize: 1, name: 'both' });
    const x = input({ shape: [4, 4, 2] });
    const twice = shared.apply(shared.apply(x)) as SymbolicTensor;
    const h = layers.globalAveragePooling2d({}).apply(twice) as SymbolicTensor;
    await expect(exportONNX(model({ inputs: x, outputs: h }))).rejects.toThrow(
      /Received: weight "both\/kernel" twice/,
    );
  });

  test('refuses weights that no ONNX file can hold, before it reads them', async () => {
    const encoder = resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
    const [weight] = encoder.layers.find((layer) => layer.weights.length > 0)!.weights;
    // 2 GiB without having them: only the sizes are looked at.
    const size = vi
      .spyOn(weight as { shape: number[] }, 'shape', 'get' as never)
      .mockReturnValue([2 ** 29] as never);
    await expect(exportONNX(encoder)).rejects.toThrow(
      /^exportONNX: an ONNX file must be smaller than 2 GiB.*Received: weights of 21475\d+ bytes\.$/,
    );
    size.mockRestore();
    encoder.dispose();
  });

  test('refuses models and options that do not fit', async () => {
    const encoder = resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
    const head = projectionHead({ inputDim: 8, hidden: [], outputDim: 2 });
    await expect(exportONNX(head)).rejects.toThrow(ShapeError);
    await expect(exportONNX(head)).rejects.toThrow(/must take pictures.*\[null,8\]/);
    await expect(exportONNX(encoder, { projectionHead: head })).rejects.toThrow(
      'exportONNX: projectionHead must take what the encoder gives, [batch, 16]. Received: projectionHead with input shape [null,8].',
    );
    await expect(exportONNX(encoder, { layout: 'CHW' as never })).rejects.toThrow(/layout must be one of/);
    await expect(exportONNX(encoder, { normalization: { mean: [0], std: [1] } })).rejects.toThrow(
      'exportONNX: normalization must have one mean and standard deviation per channel, 3. Received: 1.',
    );
    await expect(exportONNX(encoder, { normalization: { mean: [0], std: [0] } })).rejects.toThrow(
      /std must be/,
    );
    for (const each of [encoder, head]) each.dispose();
  });
});
