import '@tensorflow/tfjs-layers';
import { afterAll, expect } from 'vitest';
import { useBackend } from './backend.js';
import { testSetting } from './setting.js';
import { sharedState, tracesSince } from './traces.js';

await useBackend(testSetting('BACKEND') ?? 'cpu');

const before = sharedState();
afterAll(() => {
  expect(tracesSince(before), 'traces that this file leaves to the next one').toEqual([]);
});
