import { ntXentLoss, SGD, SimCLR, type SimCLROptions } from 'simclr-ts';
import { lossFromConfig } from 'simclr-ts/losses';
import { describe, expect, it } from 'vitest';
import { memoryStore, rejection, tinyPictures, tinySimCLR } from './tiny.js';

const pictures = tinyPictures(4);

/** The first loss of a trainer, which tells at what temperature it trains. */
async function firstLoss(options: SimCLROptions): Promise<number> {
  const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 0.01, momentum: 0 }), ...options });
  const { loss } = await simclr.trainStep(pictures);
  simclr.dispose();
  return loss;
}

function temperatureOf(options: SimCLROptions): number | undefined {
  const simclr = tinySimCLR(options);
  const { temperature } = simclr;
  simclr.dispose();
  return temperature;
}

describe('the temperature of a trainer', () => {
  it('next to the name of a loss is the temperature of that loss', async () => {
    const expected = await firstLoss({ loss: { name: 'ntXent', temperature: 0.1 } });
    expect(expected).not.toBe(await firstLoss({}));
    expect(await firstLoss({ loss: 'ntXent', temperature: 0.1 })).toBe(expected);
    expect(await firstLoss({ loss: { name: 'ntXent' }, temperature: 0.1 })).toBe(expected);
    expect(await firstLoss({ temperature: 0.1 })).toBe(expected);
  });

  it.each<[SimCLROptions, number | undefined]>([
    [{}, 0.5],
    [{ temperature: 0.1 }, 0.1],
    [{ loss: { name: 'ntXent', temperature: 0.1 } }, 0.1],
    [{ loss: { name: 'ntXent', temperature: 0.1 }, temperature: 0.1 }, 0.1],
    [{ loss: 'dcl' }, 0.1],
    [{ loss: 'dcl', temperature: 0.3 }, 0.3],
    [{ loss: 'vicReg' }, undefined],
    [{ loss: 'vicReg', temperature: undefined }, undefined],
    [{ loss: (a, b) => ntXentLoss(a, b, { temperature: 0.2 }) }, undefined],
    [{ loss: lossFromConfig({ name: 'dclw', temperature: 0.2 }, { dim: 8 }) }, 0.2],
  ])('of %j is %j', (options, expected) => {
    expect(temperatureOf(options)).toBe(expected);
  });

  it.each<[SimCLROptions, string]>([
    [
      { loss: { name: 'ntXent', temperature: 0.2 }, temperature: 0.1 },
      'SimCLR: temperature must be given once, here or in loss. Received: temperature=0.1, loss.temperature=0.2.',
    ],
    [
      { loss: 'vicReg', temperature: 0.1 },
      'SimCLR: temperature must be left out where the loss has none. Received: temperature=0.1, loss="vicReg".',
    ],
    [
      { loss: (a, b) => ntXentLoss(a, b), temperature: 0.1 },
      'SimCLR: temperature must be left out where the loss has none. Received: temperature=0.1, loss=a function.',
    ],
    [
      { loss: lossFromConfig({ name: 'dclw', temperature: 0.2 }, { dim: 8 }), temperature: 0.1 },
      'SimCLR: temperature must be given once, here or in loss. Received: temperature=0.1, loss.temperature=0.2.',
    ],
  ])('that contradicts the loss is refused: %j', (options, message) => {
    expect(() => tinySimCLR(options)).toThrow(
      expect.objectContaining({ name: 'InvalidOptionError', message }),
    );
  });

  const saved = async (options: SimCLROptions) => {
    const store = memoryStore();
    const simclr = tinySimCLR(options);
    await simclr.save(store);
    simclr.dispose();
    return store;
  };

  it('is the saved one after loading, or the one that is given then', async () => {
    for (const options of [{ temperature: 0.2 }, { loss: { name: 'dcl', temperature: 0.2 } as const }]) {
      const store = await saved(options);
      const same = await SimCLR.load(store);
      expect([same.temperature, same.loss.config]).toEqual([
        0.2,
        expect.objectContaining({ temperature: 0.2 }),
      ]);
      const other = await SimCLR.load(store, { temperature: 0.1 });
      expect([other.temperature, other.loss.config]).toEqual([
        0.1,
        { ...same.loss.config, temperature: 0.1 },
      ]);
      same.dispose();
      other.dispose();
    }
    const error = await rejection(SimCLR.load(await saved({ loss: 'vicReg' }), { temperature: 0.1 }));
    expect(error.message).toContain('temperature must be left out where the loss has none');
  });

  it('of a file without a loss, as the first version wrote it, is read', async () => {
    const store = await saved({});
    const metadata = store.artifacts!.userDefinedMetadata as Record<string, unknown>;
    delete metadata.loss;
    Object.assign(metadata, { formatVersion: 1, temperature: 0.2 });
    const simclr = await SimCLR.load(store);
    expect([simclr.temperature, simclr.loss.config]).toEqual([0.2, { name: 'ntXent', temperature: 0.2 }]);
    simclr.dispose();
  });
});
