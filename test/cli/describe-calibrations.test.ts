import { expect, it } from 'vitest';
import { describeCalibrations } from '../../src/cli/actions/stacks/folder-stacks.js';

const found = {
  threshold: 0.8,
  precision: 0.99,
  recall: 0.5,
  falseMatches: 0.4,
  matched: 40,
  sample: 200,
  changes: { resized: 0.5 },
};

it('says what a level finds, and that one finds nothing', () => {
  const [same, variants] = describeCalibrations({ same: found, variants: { ...found, threshold: 0.6 } });
  expect(same).toContain('the same picture, from 0.800 on: estimated precision 99.0 %');
  expect(same).toContain('finds 50.0 % of changed copies of 200 of these pictures: resized 50.0 %');
  expect(variants).toContain('variants, from 0.600 on');
  expect(describeCalibrations({})).toEqual([]);
  const none = 'do not tell changed copies from other pictures with that precision, so none is reported';
  expect(describeCalibrations({ same: { ...found, recall: 0 } })[0]).toContain(none);
  // A variant that has to be more alike than the same picture is one already.
  expect(describeCalibrations({ same: found, variants: { ...found, threshold: 0.9 } })[1]).toContain(none);
});
