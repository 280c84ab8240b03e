import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';
import { CheckpointError, InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import {
  loadStateDict,
  readSafetensors,
  type StateDictFormat,
  type StateTensorInput,
  stateDict,
  writeSafetensors,
} from '../../src/interop/index.js';
import {
  getTorchvisionWeights,
  mobileNetV2,
  type ProjectionHeadOptions,
  projectionHead,
  type ResNetOptions,
  resnet18,
  resnet34,
  resnet50,
  setTorchvisionWeights,
} from '../../src/models/index.js';
import fixture from '../fixtures/interop/state-dicts.json' with { type: 'json' };
import mobileNet from '../fixtures/models/mobilenet.json' with { type: 'json' };
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { hashedWeight } from '../models/fill.js';

const builders: Record<string, (options?: ResNetOptions) => LayersModel> = { resnet18, resnet34, resnet50 };
const small: ResNetOptions = { inputShape: [8, 8, 3], width: 2, stem: 'small' };
let models: LayersModel[] = [];

function made(model: LayersModel): LayersModel {
  models.push(model);
  return model;
}

afterEach(() => {
  for (const model of models) model.dispose();
  models = [];
});

/** A tiny ResNet-18 whose weights are known. */
function filled(options: ResNetOptions = {}): LayersModel {
  const encoder = made(resnet18({ ...small, ...options }));
  setTorchvisionWeights(encoder, hashedWeight);
  return encoder;
}

type Case = (typeof fixture.cases)[number] & { prefix?: string; head?: ProjectionHeadOptions };
const shapesOf = (state: Map<string, { shape: readonly number[] }>) =>
  Object.fromEntries([...state].map(([name, { shape }]) => [name, shape]));
const isClassifier = (name: string) => /(^|\.)(fc|linear|classifier)\./.test(name);

/** The state dict of a case, whose networks have width 64, as one of width 2 would be; heads and classifiers are left. */
function narrow(item: Case): [name: string, shape: number[]][] {
  return Object.entries(item.tensors as unknown as Record<string, number[]>).map(([name, shape]) => {
    if (isClassifier(name) || isHead(name)) return [name, shape];
    return [name, shape.map((size) => (size >= 64 ? size / 32 : size))];
  });
}

const isHead = (name: string) => /^(projection_head|projector)\./.test(name);

describe('names and shapes of real packages', () => {
  const build = ({ architecture, stem }: Case) =>
    made(builders[architecture]!({ ...small, stem: stem as 'small' }));

  test.each(fixture.cases as Case[])('$name: all but the classifier', async (item) => {
    const { architecture, head, prefix, format } = item;
    const options = { format: format as StateDictFormat };
    const ours = await stateDict(build(item), { ...options, ...(prefix !== undefined && { prefix }) });
    if (head !== undefined) {
      const inputDim = architecture === 'resnet50' ? 2048 : 512;
      const state = await stateDict(made(projectionHead({ inputDim, ...head })), options);
      for (const [name, tensor] of state) ours.set(name, tensor);
    }
    const expected = narrow(item).filter(([name]) => !isClassifier(name));
    expect(shapesOf(ours)).toEqual(Object.fromEntries(expected));
  });

  test.each(fixture.cases as Case[])('$name: found and loaded, whatever stands before', (item) => {
    const encoder = build(item);
    const own = item.format === 'torchvision' || item.format === 'timm' ? '' : (item.prefix ?? 'backbone.');
    for (const before of ['', 'module.', 'module.encoder_q.']) {
      const tensors = new Map<string, StateTensorInput>();
      for (const [name, shape] of narrow(item)) {
        const count = shape.reduce((product, size) => product * size, 1);
        tensors.set(before + name, { shape, data: hashedValues(name, count) });
      }
      const { prefix, ignored } = loadStateDict(encoder, tensors);
      expect(prefix).toBe(before + own);
      const others = narrow(item).filter(([name]) => isClassifier(name) || isHead(name));
      expect(ignored).toEqual(others.map(([name]) => before + name));
      const kernel = encoder.layers[1]!.weights[0]!.read();
      // The second output's first value lies one step behind in our order.
      const first = hashedValues(narrow(item)[0]![0], kernel.size);
      expect(kernel.dataSync()[1]).toBe(first[kernel.size / 2]);
    }
  });
});

describe('loadStateDict and stateDict', () => {
  const formats = ['torchvision', 'timm', 'lightly', 'lightly-resnet', 'solo-learn'] as const;

  test.each(formats)('%s: through a file and back, by its name and without', async (format) => {
    const encoder = filled({ name: 'encoder' });
    const head = made(
      projectionHead({
        inputDim: 16,
        hidden: [4],
        outputDim: 3,
        batchNormalization: { hidden: true },
        seed: 3,
      }),
    );
    const other = made(resnet18({ ...small, seed: 9 }));
    const otherHead = made(
      projectionHead({
        inputDim: 16,
        hidden: [4],
        outputDim: 3,
        batchNormalization: { hidden: true },
        seed: 4,
      }),
    );
    await expectTensors(0, async () => {
      const state = new Map([
        ...(await stateDict(encoder, { format })),
        ...(await stateDict(head, { format })),
      ]);
      const { tensors } = readSafetensors(writeSafetensors(state));
      for (const named of ['auto', format] as const) {
        setTorchvisionWeights(other, (weight) => hashedWeight(weight).fill(0));
        expect(loadStateDict(other, tensors, { format: named }).ignored).toHaveLength(8);
        expect(await getTorchvisionWeights(other)).toEqual(await getTorchvisionWeights(encoder));
        loadStateDict(otherHead, tensors, { format: named });
        expect(await stateDict(otherHead)).toEqual(await stateDict(head));
      }
    });
  });

  test("a MobileNet: torchvision's state dict through a file and back, wherever it stands", async () => {
    const options = { inputShape: [16, 16, 3], widthMultiplier: 0.25 } as const;
    const encoder = made(mobileNetV2({ ...options, name: 'encoder' }));
    setTorchvisionWeights(encoder, hashedWeight);
    const other = made(mobileNetV2({ ...options, seed: 9 }));
    const state = await stateDict(encoder);
    const names = [...state.keys()].filter((name) => !name.endsWith('num_batches_tracked'));
    expect(names.sort()).toEqual([...mobileNet.narrow[0]!.names].sort());
    expect(state.get('features.2.conv.1.0.weight')!.shape).toEqual([48, 1, 3, 3]);
    for (const prefix of ['', 'module.encoder_q.']) {
      const named = new Map(await stateDict(encoder, { prefix }));
      const { tensors } = readSafetensors(writeSafetensors(named));
      tensors.set(`${prefix}classifier.1.bias`, { dtype: 'F32', shape: [1], data: new Float32Array(1) });
      setTorchvisionWeights(other, (weight) => hashedWeight(weight).fill(0));
      expect(loadStateDict(other, tensors)).toEqual({ prefix, ignored: [`${prefix}classifier.1.bias`] });
      expect(await getTorchvisionWeights(other)).toEqual(await getTorchvisionWeights(encoder));
    }
  });

  test('a MobileNet and a ResNet are not taken for each other, and other packages name theirs differently', async () => {
    const encoder = made(mobileNetV2({ inputShape: [16, 16, 3], widthMultiplier: 0.1 }));
    const state = await stateDict(encoder);
    const resnet = filled();
    expect(() => loadStateDict(resnet, state)).toThrow(/must hold the weights of a ResNet\./);
    expect(() => loadStateDict(encoder, new Map<string, StateTensorInput>())).toThrow(
      /must hold the weights of a MobileNetV2\./,
    );
    const message = /format of a MobileNet must be one of "torchvision"/;
    await expect(stateDict(encoder, { format: 'timm' })).rejects.toThrow(message);
    expect(() => loadStateDict(encoder, state, { format: 'lightly' })).toThrow(message);
    expect(loadStateDict(encoder, state, { format: 'torchvision' }).ignored).toEqual([]);
  });

  test('half precision and double precision are taken', async () => {
    const encoder = filled();
    const state = await stateDict(encoder);
    const half = new Map<string, StateTensorInput>();
    for (const [name, { data, shape, dtype }] of state) {
      half.set(name, dtype === 'F32' ? { data, shape, dtype: 'F16' } : { data, shape });
    }
    const double = new Map<string, StateTensorInput>();
    for (const [name, { data, shape, dtype }] of state) {
      if (dtype === 'F32') double.set(name, { data: Float64Array.from(data as Float32Array), shape });
    }
    const other = made(resnet18(small));
    loadStateDict(other, double);
    expect(await getTorchvisionWeights(other)).toEqual(await getTorchvisionWeights(encoder));
    loadStateDict(other, readSafetensors(writeSafetensors(half)).tensors);
    const [read, expected] = [await getTorchvisionWeights(other), await getTorchvisionWeights(encoder)];
    for (const [name, values] of read) {
      const error = values.map((value, index) => Math.abs(value - expected.get(name)![index]!));
      expect(Math.max(...error), name).toBeLessThan(2 ** -10);
    }
  });

  test('all that does not fit is listed, and nothing is changed', async () => {
    const encoder = filled();
    const before = await getTorchvisionWeights(encoder);
    const state = new Map<string, StateTensorInput>(await stateDict(encoder, { format: 'lightly-resnet' }));
    state.delete('backbone.3.0.shortcut.0.weight');
    state.set('backbone.2.2.conv1.weight', { data: new Float32Array(1), shape: [1] });
    state.set('backbone.0.weight', { data: new Float32Array(2 * 3 * 49), shape: [2, 3, 7, 7] });
    state.set('backbone.1.bias', { data: new Int32Array(2), shape: [2] });
    const load = () => loadStateDict(encoder, state);
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(
      'loadStateDict: tensors must be those of the model "resnet18"; was it built with the same depth, width and stem? ' +
        'Received: 1 missing: backbone.3.0.shortcut.0.weight; 1 unexpected: backbone.2.2.conv1.weight; ' +
        '2 of another shape or type: backbone.0.weight (needs [2,3,3,3], has [2,3,7,7]), backbone.1.bias (needs floats, has I32).',
    );
    expect(await getTorchvisionWeights(encoder)).toEqual(before);
  });

  test('another depth: the list is cut', async () => {
    const state = await stateDict(made(resnet50(small)));
    expect(() => loadStateDict(filled(), state)).toThrow(/\d+ unexpected: (\S+, ){10}\.\.\.;/);
  });

  test('none, or several networks', async () => {
    const encoder = filled();
    expect(() => loadStateDict(encoder, {})).toThrow(
      /must hold the weights of a ResNet\. Received: 0 tensors\./,
    );
    const state = await stateDict(encoder, { prefix: 'student.' });
    for (const [name, tensor] of await stateDict(encoder, { prefix: 'teacher.' })) state.set(name, tensor);
    expect(() => loadStateDict(encoder, state)).toThrow(
      'loadStateDict: tensors hold several networks that could be the ResNet; choose one with the option prefix. Received: prefixes "student.", "teacher.".',
    );
    expect(loadStateDict(encoder, state, { prefix: 'teacher.' }).prefix).toBe('teacher.');
    expect(() => loadStateDict(encoder, state, { prefix: 'tutor.' })).toThrow(
      /a ResNet under prefix "tutor\."\./,
    );
    expect(() => loadStateDict(encoder, state, { format: 'torchvision' })).toThrow(
      /100 missing: conv1\.weight/,
    );
    const head = made(projectionHead({ inputDim: 16, hidden: [4], outputDim: 3 }));
    expect(() => loadStateDict(head, state)).toThrow(/must hold the weights of a projection head/);
  });

  test('a head without an offset takes 0 only, and writes it', async () => {
    const options = { inputDim: 3, hidden: [], outputDim: 2 } as const;
    const scaled = made(projectionHead({ ...options, batchNormalization: { output: 'scale' } }));
    const full = made(projectionHead({ ...options, batchNormalization: { output: 'full' } }));
    const state = await stateDict(scaled);
    expect(state.get('1.bias')!.data).toEqual(new Float32Array(2));
    loadStateDict(full, state);
    loadStateDict(scaled, await stateDict(full));
    state.set('1.bias', { dtype: 'F32', data: Float32Array.of(0, 1), shape: [2] });
    expect(() => loadStateDict(scaled, state)).toThrow(
      /"1\.bias" must be 0.*batchNormalization: \{ output: 'full' \}/,
    );
  });

  test('refuses what is not a number, no shape, no option and no such model', async () => {
    const encoder = filled();
    const state = new Map<string, StateTensorInput>(await stateDict(encoder));
    const set = (data: Float32Array | Float64Array, shape = [2]) =>
      new Map(state).set('bn1.weight', { data, shape });
    expect(() => loadStateDict(encoder, set(Float32Array.of(1, Number.NaN)))).toThrow(ValueRangeError);
    expect(() => loadStateDict(encoder, set(Float64Array.of(1e300, 1)))).toThrow(
      'loadStateDict: values must be finite float32 numbers. Received: 1e+300 in "bn1.weight".',
    );
    expect(() => loadStateDict(encoder, set(Float32Array.of(1), [2]))).toThrow(ShapeError);
    expect(() => loadStateDict(encoder, state, { format: 'keras' as never })).toThrow(
      /format must be one of/,
    );
    expect(() => loadStateDict(encoder, state, { prefix: 1 as never })).toThrow(/prefix must be a string/);
    expect(() => loadStateDict({} as never, state)).toThrow(InvalidOptionError);
    await expect(stateDict(undefined as never)).rejects.toThrow(/stateDict: model must come from/);
    await expect(stateDict(encoder, { format: 'auto' as never })).rejects.toThrow(/format must be one of/);
  });
});
