/** A setup file that fails a test file which leaves a trace to the next one in its process. */
import { engine, getBackend } from '@tensorflow/tfjs-core';
import { afterAll, expect } from 'vitest';

/** What test files of one process share and must leave as they found it. */
const sharedState = () => ({
  backend: getBackend(),
  folder: process.cwd(),
  environment: { ...process.env } as Readonly<Record<string, string | undefined>>,
});

/** Variables that packages set when they are loaded: sharp and TensorFlow. */
const setByPackages = new Set(['VIPSHOME', 'TF_CPP_MIN_LOG_LEVEL']);

/** Sentences about what differs from `before`. */
function tracesSince(before: ReturnType<typeof sharedState>): string[] {
  const now = sharedState();
  const traces: string[] = [];
  if (now.backend !== before.backend) traces.push(`the backend is ${now.backend}, not ${before.backend}`);
  if (now.folder !== before.folder) traces.push(`the working directory is ${now.folder}`);
  // A test replaces it to make operations fail or to count them.
  if (Object.hasOwn(engine(), 'runKernel')) traces.push('tfjs runs kernels by a function of a test');
  for (const name of new Set([...Object.keys(before.environment), ...Object.keys(now.environment)])) {
    const isSame = now.environment[name] === before.environment[name];
    if (!isSame && !setByPackages.has(name)) traces.push(`the variable ${name} has changed`);
  }
  return traces;
}

const before = sharedState();
afterAll(() => {
  expect(tracesSince(before), 'traces that this file leaves to the next one').toEqual([]);
});
