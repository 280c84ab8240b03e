import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { CheckpointError } from '../../src/errors/index.js';
import { directory, keepPictureNames, keptPictureNames, writeSidecar } from '../../src/node/index.js';
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

it('a full disk keeps the names that were kept before, and gets no part of a sidecar', async ({ skip }) => {
  const folder = temporaryFolder();
  const unmount = mount(folder, 'size=64k');
  if (!unmount) return skip('a small file system cannot be mounted here (needs Linux and root)');
  try {
    const before = await keepPictureNames(folder, [{ path: 'a.jpg', name: 'cat' }]);
    const text = readFileSync(join(folder, 'names.json'), 'utf8');
    let bytes = 64 * 1024;
    while (bytes >= 1) {
      try {
        writeFileSync(join(folder, 'filling'), Buffer.alloc(bytes), { flag: 'a' });
      } catch {
        bytes /= 2;
      }
    }
    const names = Array.from({ length: 200 }, (_, i) => ({ path: `${i}.jpg`, name: 'dog' }));
    await expect(keepPictureNames(folder, names)).rejects.toThrow(
      /names\.json" \(no space left on the device/,
    );
    expect(readFileSync(join(folder, 'names.json'), 'utf8')).toBe(text);
    expect(await keptPictureNames(folder)).toEqual(before);
    await expect(writeSidecar(join(folder, 'a.jpg'), ['cat'])).rejects.toThrow(
      /a\.jpg\.xmp" \(no space left/,
    );
    expect(readdirSync(folder).sort()).toEqual(['filling', 'names.json']);
  } finally {
    unmount();
  }
});
