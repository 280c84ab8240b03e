import { io, serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  input,
  type LayersModel,
  layers,
  loadLayersModel,
  model,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { toPlainLayersModel } from '../../src/interop/index.js';
import { PaddedMaxPooling2D, projectionHead } from '../../src/models/index.js';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { filled } from '../models/fill.js';
import { encoders, joinedEncoder, stockEncoder } from './models.js';

async function saved(source: LayersModel): Promise<io.ModelArtifacts> {
  let artifacts: io.ModelArtifacts | undefined;
  await source.save(
    io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(given) };
    }),
  );
  return { ...artifacts!, modelTopology: JSON.parse(JSON.stringify(artifacts!.modelTopology)) };
}

const head = (): LayersModel => {
  const options = {
    inputDim: 6,
    hidden: [5],
    outputDim: 4,
    batchNormalization: { hidden: true, output: 'scale' },
  } as const;
  return projectionHead(options);
};

describe('toPlainLayersModel', () => {
  test.each([
    ...encoders,
    ['head', head] as const,
    ['usual layers', stockEncoder] as const,
    ['joined layers', joinedEncoder] as const,
  ])('%s: the same output from a file without a class of ours, and no tensor more', async (_, build) => {
    const source = build();
    const x = filled('x', [2, ...(source.inputs[0]!.shape.slice(1) as number[])], 0.5, 0.5);
    await expectTensors(0, async () => {
      const plain = toPlainLayersModel(source);
      const artifacts = await saved(plain);
      expect(JSON.stringify(artifacts.modelTopology)).not.toMatch(/SimCLR|Seeded/);
      const loaded = await loadLayersModel(io.fromMemory(artifacts));
      for (const other of [plain, loaded]) {
        tidy(() => {
          const [expected, actual] = [source, other].map((each) => (each.predict(x) as Tensor).dataSync());
          expectClose(actual!, expected!, { relative: 1e-5 });
        });
      }
      plain.dispose();
      loaded.dispose();
    });
    x.dispose();
    source.dispose();
  });

  test('its weights are its own', async () => {
    const source = encoders[1]![1]();
    const plain = toPlainLayersModel(source);
    const before = plain.weights[0]!.read().dataSync().slice();
    const kernel = source.layers[1]!.weights[0]!;
    tidy(() => {
      kernel.write(filled('new', kernel.shape as number[]));
    });
    expect(plain.weights[0]!.read().dataSync()).toEqual(before);
    source.dispose();
    expect(plain.weights[0]!.read().dataSync()).toEqual(before);
    plain.dispose();
  });

  test('refuses, by name, what has no counterpart', () => {
    const x = input({ shape: [6, 6, 2] });
    const end = (y: SymbolicTensor) =>
      model({ inputs: x, outputs: layers.globalAveragePooling2d({}).apply(y) as SymbolicTensor });
    const pool = new PaddedMaxPooling2D({ kernelSize: 3, strides: 2, padding: 1, name: 'bare_pool' });
    expect(() => toPlainLayersModel(end(pool.apply(x) as SymbolicTensor))).toThrow(
      'toPlainLayersModel: padded max pooling must follow a ReLU, because tfjs-layers pads with 0. Received: layer "bare_pool" (SimCLRPaddedMaxPooling2D).',
    );
    class Twice extends layers.Layer {
      static readonly className = 'Twice';
      override call(inputs: Tensor | Tensor[]): Tensor {
        return (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor;
      }
    }
    serialization.registerClass(Twice);
    const foreign = end(new Twice({ name: 'mine' }).apply(x) as SymbolicTensor);
    expect(() => toPlainLayersModel(foreign)).toThrow(InvalidOptionError);
    expect(() => toPlainLayersModel(foreign)).toThrow(/Received: layer "mine" \(Twice\)\./);
    const shared = layers.conv2d({ filters: 2, kernelSize: 1, name: 'both' });
    const twice = end(shared.apply(shared.apply(x)) as SymbolicTensor);
    expect(() => toPlainLayersModel(twice)).toThrow(/must be used once\. Received: layer "both"/);
    expect(() => toPlainLayersModel(undefined as never)).toThrow(/source must be a model/);
  });
});
