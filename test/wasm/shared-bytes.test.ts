import { getBackend, tensor1d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { sharedBytesOf } from '../../src/tensors/shared-bytes.js';
import { testSetting } from '../helpers/setting.js';

const isShared = testSetting('WASM_MEMORY') !== 'own';

it('other threads see the values where they are, if memory is shared at all', () => {
  expect(getBackend()).toBe('wasm');
  const values = tensor1d([1, 2.5, -3]);
  const flags = tensor1d([true, false], 'bool');
  const [bytes, bits] = [sharedBytesOf(values), sharedBytesOf(flags)];
  if (isShared) {
    expect(bytes!.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...new Float32Array(bytes!.slice().buffer)]).toEqual([1, 2.5, -3]);
    expect([...bits!]).toEqual([1, 0]);
  } else expect([bytes, bits]).toEqual([undefined, undefined]);
  expect(sharedBytesOf(tensor1d([]))).toBeUndefined();
  values.dispose();
  flags.dispose();
});
