import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type History, SimCLR } from 'simclr-ts';
import { directory, runDirectory } from 'simclr-ts/node';
import { adjustRecipe, minutesRecipe } from 'simclr-ts/recipes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  earlyEpochsOf,
  newTrainer,
  type PartsOfRun,
  trainInParts,
} from '../../../src/cli/actions/training/early-stages.js';
import { settingsText, type TrainingSettings } from '../../../src/cli/actions/training/saved-settings.js';
import { stripes } from '../../features/pictures.js';
import { tiny, writeClasses } from '../pictures.js';
import { runCLI, runJSON } from '../run-cli.js';

const images = stripes(24);
const batchSize = 8;
const recipe = adjustRecipe(minutesRecipe, {
  encoder: { inputShape: [16, 16, 3], width: 4 },
  training: { batchSize, epochs: 4, datasetSize: 24 },
});
const settings: TrainingSettings = { recipe, seed: 3, limit: null, microBatchSize: null };

const said: string[] = [];
const context = {
  note: (text: string) => said.push(text),
  warn: (text: string) => said.push(text),
} as unknown as PartsOfRun['context'];

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-early-'));
  await writeClasses(join(cwd, 'photos'), 12);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const valuesOf = (simclr: SimCLR) =>
  ['conv1', 'layer1.1.conv2', 'layer2.0.conv1', 'layer4.1.conv2'].map((layer) =>
    Array.from(simclr.encoder.getLayer(layer).getWeights()[0]!.dataSync()),
  );

/** The parts of a run in `out`, each of which may be cut after some steps. */
function partsOf(out: string, options: TrainingSettings, maxSteps?: number): PartsOfRun {
  return {
    settings: options,
    pictures: { dataset: images } as unknown as PartsOfRun['pictures'],
    out,
    context,
    limits: { epochs: options.recipe.training.epochs, minutes: undefined },
    async train(trainer, limits): Promise<History> {
      const cut = maxSteps === undefined ? {} : { maxSteps };
      const history = await trainer.fit(images, { batchSize, resume: true, ...limits, ...cut });
      return maxSteps === undefined ? history : { ...history, outcome: 'aborted' };
    },
  };
}

describe('early stages', () => {
  it('are trained first, and the whole encoder after them', async () => {
    const out = join(cwd, 'parts');
    const [first, used] = newTrainer(settings, context);
    expect(first.projectFrom).toEqual(recipe.earlyStages!.projectFrom);
    await runDirectory(out).begin(settingsText(used), (target) => first.save(target));
    const late = valuesOf(first)[3];
    const parts = partsOf(out, used);
    let between: number[][] = [];
    const { trainer, history, earlySteps, step } = await trainInParts(first, {
      ...parts,
      train(one, ...limits) {
        if (one !== first) between = valuesOf(one);
        return parts.train(one, ...limits);
      },
    });
    // Held as far as layer1; what is behind it learns.
    const after = valuesOf(trainer);
    expect(after.map((values, i) => JSON.stringify(values) === JSON.stringify(between[i]))).toEqual(
      recipe.earlyStages!.hold ? [true, true, false, false] : [true, false, false, false],
    );
    const isTrained = (layer: string) => trainer.encoder.getLayer(layer).trainable;
    expect(['layer1.1.bn2', 'layer2.0.conv1'].map(isTrained)).toEqual([false, true]);
    expect(earlySteps).toBe(first.progress.step);
    expect(trainer.projectFrom).toBeNull();
    expect(trainer.encoder).toBe(first.encoder);
    expect(trainer.progress).toMatchObject({ step: 6, epoch: 2 });
    expect(first.progress).toMatchObject({ step: 6, epoch: 2 });
    expect(step).toBe(12);
    expect(history.steps.map((each) => each.step)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    expect(history.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
    const rates = history.steps.map(({ learningRate }) => learningRate);
    const [early, whole] = [rates.slice(0, 6), rates.slice(6)].map((part) => Math.max(...part));
    expect(early! / whole!).toBeCloseTo(recipe.earlyStages!.learningRateFactor, 1);
    expect(valuesOf(trainer)[3]).not.toEqual(late);
    expect(JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'))).toMatchObject({
      early: { step: 6, epoch: 2 },
    });
    expect(said.join()).toContain('as far as layer1.1.bn2');

    // Interrupted in either part, it comes to the same weights.
    const expected = valuesOf(trainer);
    for (const stop of ['early', 'late'] as const) {
      const again = join(cwd, stop);
      const [begun] = newTrainer(settings, context);
      await runDirectory(again).begin(settingsText(used), (target) => begun.save(target));
      let [current, options] = [begun, used];
      if (stop === 'late') {
        const part = partsOf(again, used);
        const whole = await trainInParts(begun, {
          ...part,
          train: (one, ...limits) =>
            one === begun ? part.train(one, ...limits) : partsOf(again, used, 2).train(one, ...limits),
        });
        current = whole.trainer;
        options = JSON.parse(readFileSync(join(again, 'training.json'), 'utf8')) as TrainingSettings;
      } else {
        expect((await trainInParts(begun, partsOf(again, used, 2))).trainer).toBe(begun);
      }
      await current.save(directory(again));
      const resumed = await SimCLR.load(directory(again));
      expect(resumed.projectFrom === null).toBe(stop === 'late');
      const ended = await trainInParts(resumed, partsOf(again, options));
      expect(valuesOf(ended.trainer)).toEqual(expected);
      for (const each of new Set([ended.trainer, resumed, current, begun])) each.dispose();
    }
    trainer.dispose();
    first.dispose();
  });

  it('are followed by the rest of the run when the clock ends them', async () => {
    const out = join(cwd, 'timed');
    const [first, used] = newTrainer(settings, context);
    await runDirectory(out).begin(settingsText(used), (target) => first.save(target));
    const asked: (number | undefined)[] = [];
    const { trainer } = await trainInParts(first, {
      ...partsOf(out, used),
      limits: { epochs: 4, minutes: 2 },
      async train(one, limits) {
        asked.push(limits.minutes);
        const history = await one.fit(images, { batchSize, resume: true, epochs: 1 });
        return { ...history, outcome: 'stopped', reason: 'the time is up' };
      },
    });
    expect(asked).toEqual([1, 1]);
    expect(trainer.projectFrom).toBeNull();
    trainer.dispose();
    first.dispose();
  });

  it('are half of the epochs, and none in a run of one', () => {
    const epochs = (count: number) => {
      return earlyEpochsOf({ ...settings, recipe: adjustRecipe(recipe, { training: { epochs: count } }) });
    };
    expect([1, 2, 3, 10].map(epochs)).toEqual([0, 1, 2, 5]);
    expect(earlyEpochsOf({ ...settings, early: { step: 3, epoch: 1 } })).toBe(1);
  });

  it('are left out where the encoder does not have them', () => {
    const mobile = adjustRecipe(minutesRecipe, { encoder: { name: 'mobileNetV2', inputShape: [32, 32, 3] } });
    said.length = 0;
    const [simclr, used] = newTrainer({ ...settings, recipe: mobile }, context);
    expect(simclr.projectFrom).toBeNull();
    expect(used.recipe).toMatchObject({ earlyStages: null, initialization: { blocksAfter: null } });
    expect(said.join()).toContain('The whole encoder is trained from the first step on.');
    simclr.dispose();
  });

  it('are part of train --recipe minutes, which continues and counts all epochs', async () => {
    const flags = ['train', 'photos', ...tiny, '--recipe', 'minutes', '--out', 'run'];
    const { code, json, stderr } = await runJSON([...flags, '--epochs', '2', '--verbose'], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ outcome: 'completed', step: 6, epochs: [{ epoch: 0 }, { epoch: 1 }] });
    expect(stderr).toContain('Now the layers behind it.');
    // Two networks, of three steps each: their losses are not compared.
    const losses = readFileSync(join(cwd, 'run', 'losses.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    const loss = (step: number) => (JSON.parse(losses[step]!) as { loss: number }).loss;
    const means = (first: number, last: number) => ({ first: loss(first), last: loss(last), over: 'tenth' });
    expect(json.loss).toEqual({ ...means(3, 5), earlyStages: means(0, 2), chance: expect.any(Number) });
    const more = await runJSON(['train', 'photos', '--out', 'run', '--resume', '--epochs', '4'], { cwd });
    expect(more.json).toMatchObject({ outcome: 'completed', step: 12, epochs: [{ epoch: 2 }, { epoch: 3 }] });
    expect(more.json.loss).toMatchObject({ over: 'epoch' });
    expect(more.json.loss).not.toHaveProperty('earlyStages');
    const lines = readFileSync(join(cwd, 'run', 'losses.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    const recorded = lines.map((line) => JSON.parse(line) as { step: number; epoch: number });
    expect(recorded.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    expect(recorded.at(-1)).toMatchObject({ epoch: 3 });
    const fewer = await runCLI(['train', 'photos', '--out', 'run', '--resume', '--epochs', '3'], { cwd });
    expect(fewer.stderr).toContain('has completed 4 epochs');
  });
});
