import { ready, setBackend } from '@tensorflow/tfjs-core';
import { checkBackend, SimCLR } from 'simclr-ts';
import type { BackendName, BackendReport } from '../shared/trainer-protocol.js';

let started = false;

/** Loads the backend's code and activates it. */
async function activate(name: BackendName, threads: number): Promise<void> {
  if (name === 'wasm') {
    const { setThreadCount } = await import('simclr-ts/wasm');
    if (!started) setThreadCount(threads);
    started = true;
  } else if (name === 'webgl') {
    if (new OffscreenCanvas(1, 1).getContext('webgl2') === null) {
      throw new Error(
        'WebGL is off or missing: turn on "hardware acceleration" in the browser, or choose wasm.',
      );
    }
    await import('@tensorflow/tfjs-backend-webgl');
  } else {
    const gpu = (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu;
    if (!(await gpu?.requestAdapter())) {
      throw new Error(
        'WebGPU is missing: this browser or its graphics card does not support it. Choose wasm.',
      );
    }
    await import('@tensorflow/tfjs-backend-webgpu');
  }
  if (!(await setBackend(name))) throw new Error(`The backend ${name} did not start.`);
  await ready();
}

/** The library's preflight, then a few real steps of a small network: whether it trains here, and how fast. */
async function tryStep(): Promise<number> {
  const size = 16;
  const count = 16;
  const data = Uint8Array.from({ length: count * size * size * 3 }, (_, i) => (i * i * 37) % 251);
  const simclr = new SimCLR({
    encoder: { name: 'resnet18', inputShape: [size, size, 3], stem: 'small', width: 8 },
    projectionHead: { hidden: [16], outputDim: 16 },
  });
  try {
    const { ok, message } = await checkBackend(simclr);
    if (!ok) throw new Error(message);
    const pictures = { data, shape: [count, size, size, 3] as const };
    await simclr.trainStep(pictures); // warms up: shaders compile in the first step
    const began = performance.now();
    const steps = 2;
    for (let step = 0; step < steps; step++) {
      const { loss } = await simclr.trainStep(pictures);
      if (!(loss > 0 && loss < 20)) throw new Error(`A trial step gave a loss of ${loss}.`);
    }
    return (count * steps * 1000) / (performance.now() - began);
  } finally {
    simclr.dispose();
  }
}

/** The backend `name`, active and tried. @throws with a text for people when it cannot train here */
export async function startBackend(name: BackendName, threads: number): Promise<BackendReport> {
  await activate(name, threads);
  const pairsPerSecond = await tryStep();
  return { name, threads: name === 'wasm' ? threads : 1, pairsPerSecond };
}
