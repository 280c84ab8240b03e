import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { basicRecipe } from 'simclr-ts/recipes';
import { expect, it } from 'vitest';
import { tellSkipped } from '../../src/cli/actions/tell-skipped.js';
import type { TrainingPictures } from '../../src/cli/actions/training/pictures/training-pictures.js';
import type { Context } from '../../src/cli/context.js';
import { FlagNames } from '../../src/cli/flag-names.js';
import { temporaryFolder } from '../node/temporary.js';

it('tells every damaged file once, also those that a later epoch finds, and writes down how many', async () => {
  const out = temporaryFolder();
  const skipped = [{ path: 'a.png', reason: 'torn' }];
  const pictures = {
    count: 10,
    get whole() {
      return 10 - skipped.length;
    },
    skipped,
  } as unknown as TrainingPictures;
  const warnings: string[] = [];
  const context: Context = {
    quiet: true,
    note() {},
    warn: (text) => void warnings.push(text),
    version: '0.0.0',
    flagNames: new FlagNames({ options: [] }),
    isGiven: () => false,
  };
  const settings = { recipe: basicRecipe, seed: 0, limit: null, microBatchSize: null };
  const { onEpochEnd, onFitEnd } = tellSkipped(pictures, settings, out, context) as {
    onEpochEnd(): Promise<void>;
    onFitEnd(): Promise<void>;
  };
  await onEpochEnd();
  await onEpochEnd();
  skipped.push({ path: 'b.png', reason: 'empty' }, { path: 'c.png', reason: 'empty' });
  await onEpochEnd();
  skipped.push({ path: 'd.png', reason: 'torn' });
  await onFitEnd();
  await onFitEnd();
  expect(warnings).toEqual([
    '1 file is not a complete picture. Left out:\n  a.png: torn',
    '2 files are not complete pictures. Left out:\n  b.png: empty\n  c.png: empty',
    '1 file is not a complete picture. Left out:\n  d.png: torn',
  ]);
  expect(JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'))).toMatchObject({ seed: 0, damaged: 4 });
});
