import { io, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SimCLR } from '../../src/index.js';
import { sameArchitecture, withUndrawnWeights } from '../../src/models/copy-model.js';
import { mobileNetV2, projectionHead, resnet18, SeededInitializer } from '../../src/models/index.js';
import { expectTensors } from '../helpers/leaks.js';

const small = { inputShape: [8, 8, 3] } as const;
const networks: [string, () => LayersModel][] = [
  ['resnet18', () => resnet18({ ...small, width: 2 })],
  ['mobileNetV2', () => mobileNetV2({ ...small, widthMultiplier: 0.1 })],
  ['projectionHead', () => projectionHead({ inputDim: 4, hidden: [3], outputDim: 2 })],
];

/** How often a weight was drawn, rather than zero, since this was called. */
function watchDraws(): () => number {
  let drawn = 0;
  const apply = SeededInitializer.prototype.apply;
  vi.spyOn(SeededInitializer.prototype, 'apply').mockImplementation(function (
    this: SeededInitializer,
    ...given
  ) {
    const weight: Tensor = apply.apply(this, given);
    if (weight.dataSync().some((value) => value !== 0)) drawn++;
    return weight;
  });
  return () => drawn;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('weights that are set next', () => {
  test.each(networks)('of %s are not drawn, and the configuration does not say so', async (_name, build) => {
    await expectTensors(0, async () => {
      const model = build();
      const topology = model.toJSON(null, false) as object;
      const draws = watchDraws();
      const modelTopology = withUndrawnWeights(topology);
      const loaded = await loadLayersModel(io.fromMemory({ modelTopology }));
      expect(draws()).toBe(0);
      expect(loaded.toJSON(null, false)).toEqual(topology);
      const again = await sameArchitecture('test', model);
      expect(draws()).toBe(0);
      const drawn = await sameArchitecture('test', model, { weights: 'drawn' });
      expect(draws()).toBeGreaterThan(0);
      for (const each of [model, loaded, again, drawn]) each.dispose();
    });
  });

  test('are not drawn by SimCLR.load', async () => {
    const encoder = networks[0]![1]();
    const simclr = new SimCLR({ encoder });
    let saved: io.ModelArtifacts | undefined;
    await simclr.save(
      io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const draws = watchDraws();
    const loaded = await SimCLR.load(io.fromMemory(saved!));
    expect(draws()).toBe(0);
    for (const each of [simclr, loaded]) each.dispose({ includeGiven: true });
  });
});
