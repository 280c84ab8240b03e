import { readdirSync } from 'node:fs';
import type { io } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { CheckpointError } from '../../src/errors/index.js';
import { directory } from '../../src/node/index.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { temporaryFolder } from '../node/temporary.js';
import { mount } from './mount.js';

const artifacts = (floats: number, name: string): io.ModelArtifacts => ({
  modelTopology: { class_name: 'Sequential', config: [] },
  weightSpecs: [{ name, shape: [floats], dtype: 'float32' }],
  weightData: hashedValues(name, floats).buffer as ArrayBuffer,
});

it('a full disk keeps the model that was saved before', async ({ skip }) => {
  const folder = temporaryFolder();
  const unmount = mount(folder, 'size=256k');
  if (!unmount) return skip('a small file system cannot be mounted here (needs Linux and root)');
  try {
    const old = artifacts(1000, 'old');
    await directory(folder).save(old);
    const error = await directory(folder)
      .save(artifacts(100_000, 'new'))
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toContain(`path=${JSON.stringify(folder)} (no space left on the device (ENOSPC))`);
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    const { weightData } = await directory(folder).load();
    const bytes = [weightData!].flat().map((part) => new Uint8Array(part));
    expect(Buffer.concat(bytes).equals(new Uint8Array(old.weightData as ArrayBuffer))).toBe(true);
  } finally {
    unmount();
  }
});
