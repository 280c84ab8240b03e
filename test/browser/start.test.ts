/** How the wasm backend starts in a page: from the binaries that the library carries, or from files that are named. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { findBackendFactory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { threadedSimd } from '../../src/wasm/tfjs/threaded-simd.generated.js';
import { useBackend } from '../helpers/backend.js';

beforeAll(() => useBackend('wasm'));

const addressOf = (bytes: Blob) => URL.createObjectURL(bytes);

/** Whether a worker of another program answers. */
function answers(): Promise<string> {
  const worker = new Worker(addressOf(new Blob(["postMessage('alive')"], { type: 'text/javascript' })));
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data as string);
    };
  });
}

describe('the backend', () => {
  it('starts without a file of the host', () => {
    const asked = performance.getEntriesByType('resource').map(({ name }) => name);
    expect(asked.filter((name) => name.endsWith('.wasm'))).toEqual([]);
  });

  it('leaves workers that others start meanwhile alone', async () => {
    let isOver = false;
    const starting = Promise.resolve(findBackendFactory('wasm')()).then(() => {
      isOver = true;
    });
    const others: Promise<string>[] = [];
    do {
      others.push(answers());
      await new Promise((resolve) => setTimeout(resolve, 10));
    } while (!isOver);
    await starting;
    expect(new Set(await Promise.all(others))).toEqual(new Set(['alive']));
  });

  it('starts from the files that setWasmPaths names', async () => {
    const packed = Uint8Array.from(atob(threadedSimd.gzip), (character) => character.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    const headers = { 'Content-Type': 'application/wasm' };
    const address = addressOf(await new Response(stream, { headers }).blob());
    const asked: string[] = [];
    const files: Record<string, string> = {};
    for (const kind of ['', '-simd', '-threaded-simd']) files[`tfjs-backend-wasm${kind}.wasm`] = address;
    setWasmPaths(
      new Proxy(files, {
        get(target, name: string) {
          asked.push(name);
          return target[name];
        },
      }),
    );
    asked.length = 0; // it looks whether all are there
    await findBackendFactory('wasm')();
    expect(asked).toContain('tfjs-backend-wasm-threaded-simd.wasm');
  });
});
