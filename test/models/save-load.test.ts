import { io, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { mobileNetV2, projectionHead, registerLayers, resnet18, resnet50 } from '../../src/models/index.js';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { tidyAsync } from '../helpers/tidy-async.js';
import { filled } from './fill.js';

async function throughJson(model: LayersModel): Promise<LayersModel> {
  let saved: io.ModelArtifacts | undefined;
  await model.save(
    io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
  // As a file would hold it: plain JSON beside the weights.
  const modelTopology = JSON.parse(JSON.stringify(saved!.modelTopology));
  return loadLayersModel(io.fromMemory({ ...saved!, modelTopology }));
}

describe('save and load', () => {
  const small = { inputShape: [8, 8, 3], width: 2 } as const;
  const heads = { inputDim: 192, hidden: [4], outputDim: 3 } as const;
  test.each([
    [
      'resnet18',
      () => resnet18({ ...small, stem: 'small', batchNormalization: { groups: 2 }, zeroInitResidual: true }),
    ],
    ['resnet50', () => resnet50({ ...small, name: 'teacher', initializer: 'google' })],
    ['mobileNetV2', () => mobileNetV2({ inputShape: [8, 8, 3], widthMultiplier: 0.1, stem: 'small' })],
    ['head', () => projectionHead(heads)],
    [
      'head with normalization',
      () => projectionHead({ ...heads, batchNormalization: { hidden: true, output: 'scale' } }),
    ],
  ])('%s: the same model comes back', async (name, build) => {
    await expectTensors(0, async () => {
      const model = build();
      const x = filled('x', name.startsWith('head') ? [4, 192] : [4, 8, 8, 3]);
      // Running statistics that are no longer those of the start.
      tidy(() => void model.apply(x, { training: true }));
      const loaded = await throughJson(model);
      registerLayers();
      expect(loaded.name).toBe(model.name);
      expect(loaded.weights.map((weight) => weight.originalName)).toEqual(
        model.weights.map((weight) => weight.originalName),
      );
      expect(loaded.layers.map((layer) => layer.getConfig())).toEqual(
        model.layers.map((layer) => layer.getConfig()),
      );
      for (const training of [false, true]) {
        const run = async (each: LayersModel) =>
          tidyAsync(async () => await (each.apply(x, { training }) as Tensor).data());
        expectClose(await run(loaded), await run(model), { absolute: 0 });
      }
      for (const each of [model, loaded]) each.dispose();
      x.dispose();
    });
  });

  test('an architecture without weights starts with the seed it was built with', async () => {
    const model = resnet18({ ...small, seed: 5 });
    const json = model.toJSON(null, false) as unknown as io.ModelJSON['modelTopology'];
    const rebuilt = await loadLayersModel(io.fromMemory({ modelTopology: json as object }));
    const first = async (each: LayersModel) => await each.weights[0]!.read().data();
    expect(await first(rebuilt)).toEqual(await first(model));
    model.dispose();
    rebuilt.dispose();
  });
});
