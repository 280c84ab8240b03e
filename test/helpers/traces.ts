import { engine, getBackend } from '@tensorflow/tfjs-core';

/** State that the test files of one process share and must leave unchanged. */
export interface SharedState {
  backend: string;
  folder: string;
  environment: Readonly<Record<string, string | undefined>>;
}

/** The shared state now. */
export function sharedState(): SharedState {
  return { backend: getBackend(), folder: process.cwd(), environment: { ...process.env } };
}

/** Variables that packages set when they are loaded: sharp and TensorFlow. */
const setByPackages = new Set(['VIPSHOME', 'TF_CPP_MIN_LOG_LEVEL']);

/** Sentences about differences from `before`. */
export function tracesSince(before: SharedState): string[] {
  const traces: string[] = [];
  if (getBackend() !== before.backend) traces.push(`the backend is ${getBackend()}, not ${before.backend}`);
  if (process.cwd() !== before.folder) traces.push(`the working directory is ${process.cwd()}`);
  // A test replaces it to make operations fail or to count them.
  if (Object.hasOwn(engine(), 'runKernel')) traces.push('tfjs runs kernels by a function of a test');
  for (const name of new Set([...Object.keys(before.environment), ...Object.keys(process.env)])) {
    const isSame = process.env[name] === before.environment[name];
    if (!isSame && !setByPackages.has(name)) traces.push(`the variable ${name} has changed`);
  }
  return traces;
}
