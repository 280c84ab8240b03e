import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basicRecipe } from 'simclr-ts/recipes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsText } from '../../src/cli/actions/training/saved-settings.js';
import { FlagNames } from '../../src/cli/flag-names.js';
import { stripes } from './pictures.js';
import { runCLI } from './run-cli.js';

let base = '';
let photos = '';
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-'));
  photos = join(base, 'photos');
  mkdirSync(photos);
  for (let i = 0; i < 12; i++) writeFileSync(join(photos, `${i}.png`), await stripes('rows', i));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A folder that is not there: whoever came to look at it would say so. */
const nowhere = '/nowhere/at/all';

/** What is said, and that nothing was done. */
async function refused(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCLI(args);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
  return stderr;
}

describe('a number', () => {
  const numbers: [command: string, flag: string, values: string[]][] = [
    ['train', '--epochs', ['1.5', '0', '-1', 'NaN', '', ' ', '0x10', '1e99', 'Infinity', 'ten']],
    ['train', '--minutes', ['0', '-1', 'NaN', 'Infinity', '1e999']],
    ['train', '--batch-size', ['NaN', '1', '2.5']],
    ['train', '--micro-batch-size', ['1', '0', 'NaN']],
    ['train', '--size', ['7', '96.5']],
    ['train', '--width', ['0', 'NaN']],
    ['train', '--temperature', ['0', '-0.5', 'NaN', 'hot', 'Infinity']],
    ['train', '--learning-rate', ['0', 'NaN', '1e999']],
    ['train', '--warmup-epochs', ['-1', 'NaN', 'Infinity']],
    ['train', '--strength', ['-1', '2.6', 'NaN']],
    ['train', '--crop-from', ['0', '1', 'NaN']],
    ['train', '--seed', ['-1', '1.5', '9007199254740991', 'NaN']],
    ['train', '--limit', ['1', 'NaN']],
    ['train', '--checkpoint-every', ['0', '0.5']],
    ['train', '--keep', ['0', 'NaN']],
    ['train', '--cache-mb', ['0', 'NaN']],
    ['train', '--references', ['1', 'NaN']],
    ['train', '--test-images', ['0', '1.5']],
    ['evaluate', '--test-fraction', ['0', '1', 'NaN']],
    ['evaluate', '--seed', ['-1', '9007199254740991']],
    ['evaluate', '--neighbors', ['0', '2.5', 'NaN']],
    ['evaluate', '--scratch-steps', ['0', 'NaN']],
    ['evaluate', '--batch-size', ['0', 'NaN']],
    ['embed', '--batch-size', ['0', '1.5']],
    ['search', '--results', ['0', 'NaN']],
    ['duplicates', '--threshold', ['1.1', '-1.1', 'NaN', '']],
  ];

  it.each(numbers)(
    'of %s %s that cannot be is refused by the name of its flag',
    async (command, flag, values) => {
      for (const value of values) {
        const stderr = await refused([command, nowhere, `${flag}=${value}`]);
        expect(stderr).toContain(`error: option '${flag} <`);
        expect(stderr).toContain(`argument '${value}' is invalid. It must be`);
      }
    },
  );

  it('is each of those that a command takes', async () => {
    for (const command of ['train', 'evaluate', 'embed', 'search', 'duplicates']) {
      const { stdout } = await runCLI([command, '--help']);
      const flags = [...stdout.matchAll(/(--[a-z-]+) <(n|m|s|t|k|rate|share|pixels|channels|steps)>/g)];
      const tested = numbers.filter(([name]) => name === command).map(([, flag]) => flag);
      const isShared = (flag: string) => numbers.some(([, other]) => other === flag);
      for (const [, flag] of flags)
        expect(tested.includes(flag!) || isShared(flag!), `${command} ${flag}`).toBe(true);
    }
  });
});

describe('train refuses before any picture is read', () => {
  const flags = ['--width', '4', '--size', '32', '--epochs', '1'];
  const out = () => join(base, 'refused');
  const train = (...args: string[]) => refused(['train', photos, ...flags, '--out', out(), ...args]);

  it('a batch that is larger than the folder', async () => {
    expect(await train('--batch-size', '1000')).toBe(
      'Error: --batch-size must not be larger than the number of pictures. Received: --batch-size 1000 with 12 pictures.\n',
    );
    expect(await train('--batch-size', '12', '--limit', '8')).toContain('--batch-size 12 with 8 pictures');
  });

  it('micro-batches that do not divide it', async () => {
    expect(await train('--batch-size', '8', '--micro-batch-size', '3')).toBe(
      'Error: --micro-batch-size must divide --batch-size. Received: --micro-batch-size 3 with --batch-size 8.\n',
    );
  });

  it('a warm-up that is longer than the run, or for a rate that has none', async () => {
    const recipe = ['--recipe', 'google-cifar10', '--epochs', '2'];
    expect(await refused(['train', nowhere, ...recipe])).toBe(
      'Error: The warm-up must not be longer than the run. Received: 10 epochs of warm-up (--warmup-epochs) in 2 epochs (--epochs).\n',
    );
    // Shorter, it is none of these: the folder is not there.
    const shorter = await runCLI(['train', nowhere, ...recipe, '--warmup-epochs', '0.5']);
    expect(shorter).toMatchObject({ code: 3 });
    expect(await refused(['train', nowhere, '--warmup-epochs', '1'])).toContain(
      '--warmup-epochs needs a learning rate with a warm-up',
    );
  });

  it('to resume what no run wrote, with the nearest right name', async () => {
    const recipe = { ...basicRecipe, training: { batchSize: 4, epochs: 2, datasetSize: 12 } };
    const settings = { recipe, seed: 0, limit: null, microBatchSize: null };
    const folder = join(base, 'edited');
    mkdirSync(join(folder, 'checkpoints/step-0000000003'), { recursive: true });
    const resume = async (edited: object) => {
      writeFileSync(join(folder, 'training.json'), settingsText(edited as typeof settings));
      const { code, stderr } = await runCLI(['train', photos, '--out', folder, '--resume']);
      expect(code).toBe(4);
      return stderr;
    };
    expect(await resume({ ...settings, microBatch: 2 })).toContain(
      'an unknown setting, microBatch; did you mean microBatchSize?',
    );
    expect(
      await resume({ ...settings, recipe: { ...recipe, training: { ...recipe.training, epoch: 5 } } }),
    ).toContain('recipe.training.epoch; did you mean recipe.training.epochs?');
    expect(
      await resume({ ...settings, recipe: { ...recipe, training: { ...recipe.training, batchSize: null } } }),
    ).toContain('recipe.training.batchSize must be an integer >= 1 (received null)');
    // What was written is taken: only the model is missing.
    expect(await resume({ ...settings, damaged: 3 })).not.toContain('training.json');
  });

  it('to continue with other settings, by the names of their flags', async () => {
    const folder = join(base, 'other');
    mkdirSync(join(folder, 'checkpoints/step-0000000003'), { recursive: true });
    const recipe = { ...basicRecipe, training: { batchSize: 4, epochs: 2, datasetSize: 12 } };
    writeFileSync(
      join(folder, 'training.json'),
      settingsText({ recipe, seed: 0, limit: null, microBatchSize: null }),
    );
    const other = ['--batch-size', '6', '--width', '8', '--micro-batch-size', '2', '--temperature', '0.1'];
    expect(await refused(['train', photos, '--out', folder, '--resume', ...other])).toMatch(
      /has --width \d+ \(not 8\), --temperature 0\.5 \(not 0\.1\), --batch-size 4 \(not 6\), --micro-batch-size none \(not 2\)\./,
    );
  });
});

describe('a configuration file', () => {
  it('has the nearest right name for one that it misspells', async () => {
    const path = join(base, 'config.json');
    const message = async (config: object) => {
      writeFileSync(path, JSON.stringify(config));
      return refused(['train', nowhere, '--config', path]);
    };
    expect(await message({ batchsize: 3 })).toContain(
      'batchsize is not an option. Did you mean batchSize? There are: ',
    );
    expect(await message({ train: { warmupEpoch: 3 } })).toContain('Did you mean warmupEpochs?');
    expect(await message({ embed: 3, xyzzy: 1 })).toContain('xyzzy is not an option. There are: ');
    expect(await message({ epochs: 1.5 })).toContain('epochs: It must be an integer >= 1. Received: 1.5.');
    expect(await message({ temperature: null })).toContain('temperature must be a text or a number.');
  });
});

describe('FlagNames', () => {
  const option = (name: string, long: string) => ({ long, attributeName: () => name });
  const names = new FlagNames({
    options: [
      option('batchSize', '--batch-size'),
      option('microBatchSize', '--micro-batch-size'),
      option('size', '--size'),
      option('limit', '--limit'),
      option('warmupEpochs', '--warmup-epochs'),
      option('epochs', '--epochs'),
      option('width', '--width'),
    ] as never,
  });

  it.each([
    [
      'microBatchSize must divide batchSize. Received: microBatchSize=3, batchSize=8.',
      '--micro-batch-size must divide --batch-size. Received: --micro-batch-size=3, --batch-size=8.',
    ],
    ['size must be a pair. Received: size=NaN.', '--size must be a pair. Received: --size=NaN.'],
    [
      'the warm-up must not be longer. Received: schedule.warmupEpochs=10, epochs=2.',
      'the warm-up must not be longer. Received: --warmup-epochs=10, --epochs=2.',
    ],
    ['encoder.width must be an integer.', '--width must be an integer.'],
    ['set microBatchSize to 2, or lower batchSize.', 'set --micro-batch-size to 2, or lower --batch-size.'],
  ])('puts flags in place of the names of the library: %s', (text, expected) => {
    expect(names.within(text)).toBe(expected);
  });

  it.each([
    'the size of the batch is a limit of the width',
    'dir/batchSize.png: limit is over. Received: path="batchSize=3".',
    'encoder.unknown and --batch-size and training.batchSizes stay',
  ])('leaves words, paths and flags: %s', (text) => {
    expect(names.within(text)).toBe(text);
  });
});
