import { ready, setBackend } from '@tensorflow/tfjs-core';
import { testSetting } from './setting.js';

let prepared = false;

/** Loads the wasm backend with this library's kernels, in the variant that the settings ask for. */
export async function prepareWasm({ threads = wantedThreads() } = {}): Promise<void> {
  if (prepared) return;
  prepared = true;
  if (testSetting('RELAXED_SIMD') === 'off') hideRelaxedSimd();
  if (testSetting('WASM_MEMORY') === 'own' && testSetting('HOST') !== 'browser') {
    // A backend that starts before simclr-ts/wasm is imported gets tfjs's own memory, which threads cannot share.
    await import('@tensorflow/tfjs-backend-wasm');
    await setBackend('wasm');
    await ready();
  }
  const { setThreadCount } = await import('../../src/wasm/index.js');
  if (threads > 0) setThreadCount(threads);
}

/** 0 means one thread per core, as for users. */
const wantedThreads = () => Number(testSetting('WASM_THREADS') ?? 0);

/** The opcode of a fused multiply-add. */
const fusedMultiplyAdd = [0xfd, 0x85, 0x02];

/** Makes the engine refuse modules with relaxed SIMD, as an engine without it does. */
function hideRelaxedSimd(): void {
  const validate = WebAssembly.validate;
  WebAssembly.validate = (source) => {
    const bytes = source as Uint8Array;
    const has = bytes.some((_, at) => fusedMultiplyAdd.every((byte, i) => bytes[at + i] === byte));
    return !has && validate(source);
  };
}
