import { ready, setBackend } from '@tensorflow/tfjs-core';
import { testSetting } from './setting.js';

let prepared = false;

/** Loads the wasm backend with this library's kernels, in the variant that the settings ask for. */
export async function prepareWasm({ threads = wantedThreads() } = {}): Promise<void> {
  if (prepared) return;
  prepared = true;
  if (testSetting('RELAXED_SIMD') === 'off') hideRelaxedSimd();
  const path = testSetting('WASM_PATH');
  if (path !== undefined) (await import('@tensorflow/tfjs-backend-wasm')).setWasmPaths(path);
  if (testSetting('WASM_MEMORY') === 'own' && testSetting('HOST') !== 'browser') {
    // Started before simclr-ts/wasm is imported, it gets tfjs's usual memory, which no other thread can see.
    await import('@tensorflow/tfjs-backend-wasm');
    await setBackend('wasm');
    await ready();
  }
  const { setThreadCount } = await import('../../src/wasm/index.js');
  if (threads > 0) setThreadCount(threads);
}

/** 0 is what users get: as many as there are cores. */
const wantedThreads = () => Number(testSetting('WASM_THREADS') ?? 0);

/** The opcode of a fused multiply-add. */
const fusedMultiplyAdd = [0xfd, 0x85, 0x02];

/** From here on the engine refuses modules with relaxed SIMD when asked, as one that lacks it does. */
function hideRelaxedSimd(): void {
  const validate = WebAssembly.validate;
  WebAssembly.validate = (source) => {
    const bytes = source as Uint8Array;
    const has = bytes.some((_, at) => fusedMultiplyAdd.every((byte, i) => bytes[at + i] === byte));
    return !has && validate(source);
  };
}
