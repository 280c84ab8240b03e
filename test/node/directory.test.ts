import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type io, tensor2d } from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CheckpointError } from '../../src/errors/index.js';
import { directory } from '../../src/node/index.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { startProgram } from './program.js';
import { temporaryFolder } from './temporary.js';

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof fs>();
  return { ...actual, rename: vi.fn(actual.rename) };
});

/** A model file with weights of `floats` numbers, in `pieces` buffers. */
function artifacts(floats: number, name = 'w', pieces = 1): io.ModelArtifacts {
  const bytes = hashedValues(name, floats).buffer as ArrayBuffer;
  const cut = Math.ceil(bytes.byteLength / pieces);
  const shards = Array.from({ length: pieces }, (_, i) => bytes.slice(i * cut, (i + 1) * cut));
  return {
    modelTopology: { class_name: 'Sequential', config: [] },
    format: 'layers-model',
    generatedBy: 'a test',
    convertedBy: null,
    weightSpecs: [{ name, shape: [floats], dtype: 'float32' }],
    weightData: pieces === 1 ? shards[0]! : shards,
    userDefinedMetadata: { step: 7, deep: { list: [1, null, 'π'] } },
  };
}

function weightBytes({ weightData }: io.ModelArtifacts): Uint8Array {
  const parts = Array.isArray(weightData) ? weightData : [weightData!];
  return new Uint8Array(Buffer.concat(parts.map((part) => new Uint8Array(part))));
}

describe('directory', () => {
  it('saves and loads a layers model with its metadata', async () => {
    const folder = join(temporaryFolder(), 'deep', 'model');
    const model = sequential({
      layers: [layers.dense({ units: 2, inputShape: [3], kernelInitializer: 'ones' })],
    });
    model.setUserDefinedMetadata({ step: 7 });
    const { modelArtifactsInfo } = await model.save(directory(folder));
    expect(modelArtifactsInfo.weightDataBytes).toBe(32);
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    const loaded = await loadLayersModel(directory(folder));
    expect(loaded.getUserDefinedMetadata()).toEqual({ step: 7 });
    const input = tensor2d([[1, 2, 3]]);
    const output = loaded.predict(input) as typeof input;
    expect([...(await output.data())]).toEqual([6, 6]);
    for (const thing of [input, output, model, loaded]) thing.dispose();
  });

  it('says of a manifest that is none what is wrong with it', async () => {
    const folder = temporaryFolder();
    await directory(folder).save(artifacts(10));
    const file = join(folder, 'model.json');
    const { jsonSha256: _, ...model } = JSON.parse(readFileSync(file, 'utf8'));
    const [{ weights }] = model.weightsManifest;
    for (const group of [
      { paths: [5], weights },
      { paths: [null], weights },
      { paths: [['weights.bin']], weights },
      { paths: ['weights.bin'], weights: [{ ...weights[0], shape: 'x' }] },
      { paths: ['weights.bin'], weights: [{ ...weights[0], shape: undefined }] },
      { paths: ['weights.bin'], weights: [{ ...weights[0], shape: [null] }] },
      { paths: ['weights.bin'], weights: [{ ...weights[0], dtype: 5 }] },
      { paths: ['weights.bin'], weights: [{ ...weights[0], name: 5 }] },
      { paths: ['weights.bin'], weights: [5] },
      { paths: ['../weights.bin'], weights },
    ]) {
      writeFileSync(file, JSON.stringify({ ...model, weightsManifest: [group] }));
      await expect(directory(folder).load()).rejects.toThrow(CheckpointError);
      await expect(directory(folder).load()).rejects.toThrow(
        /model\.json", which (lacks .*weightsManifest|names weights outside)/,
      );
    }
  });

  it('refuses numbers that JSON would make null of', async () => {
    const folder = temporaryFolder();
    const saved = artifacts(10);
    saved.userDefinedMetadata = { best: [1, { loss: Number.NaN }] as never };
    await expect(directory(folder).save(saved)).rejects.toThrow(
      /^directory\.save: numbers beside the weights must be finite.*userDefinedMetadata\.best\.1\.loss=NaN\.$/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps every field, for one buffer and for several, and for a URL', async () => {
    const folder = temporaryFolder();
    for (const pieces of [1, 3]) {
      const saved = artifacts(1000, 'w', pieces);
      await directory(pathToFileURL(folder)).save(saved);
      const loaded = await directory(folder).load();
      expect({ ...loaded, weightData: undefined }).toEqual({ ...saved, weightData: undefined });
      expect(weightBytes(loaded)).toEqual(weightBytes(artifacts(1000)));
    }
  });

  it('replaces what was there and leaves other files alone; tens of megabytes are no trouble', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    await directory(folder).save(artifacts(10, 'old'));
    const large = artifacts(6_000_000, 'new', 2);
    await directory(folder).save(large);
    expect(Buffer.compare(weightBytes(await directory(folder).load()), weightBytes(large))).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'notes.txt', 'weights.bin']);
  });

  it('reads the shards of other writers of the format', async () => {
    const folder = temporaryFolder();
    const { modelTopology, weightSpecs } = artifacts(4, 'a');
    const weightsManifest = [
      { paths: ['one.bin', 'two.bin'], weights: weightSpecs },
      { paths: ['three.bin'], weights: [{ name: 'b', shape: [2], dtype: 'float32' }] },
    ];
    writeFileSync(join(folder, 'model.json'), JSON.stringify({ modelTopology, weightsManifest }));
    const bytes = weightBytes(artifacts(6, 'x'));
    writeFileSync(join(folder, 'one.bin'), bytes.subarray(0, 12));
    writeFileSync(join(folder, 'two.bin'), bytes.subarray(12, 16));
    writeFileSync(join(folder, 'three.bin'), bytes.subarray(16));
    const loaded = await directory(folder).load();
    expect(weightBytes(loaded)).toEqual(bytes);
    expect(loaded.weightSpecs!.map(({ name }) => name)).toEqual(['a', 'b']);
    rmSync(join(folder, 'three.bin'));
    await expect(directory(folder).load()).rejects.toThrow(/three\.bin.*ENOENT/);
    writeFileSync(join(folder, 'three.bin'), '1234567');
    await expect(directory(folder).load()).rejects.toThrow(/of 23 bytes where 24 are promised/);
  });

  it('keeps the old model when the second of the two renames fails, time and again', async () => {
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    await directory(folder).save(artifacts(100, 'old'));
    const { rename } = await vi.importActual<typeof fs>('node:fs/promises');
    for (const name of ['new', 'newer']) {
      vi.mocked(fs.rename).mockImplementation(async (from, to) => {
        if (String(to) === at('model.json')) throw Object.assign(new Error('no'), { code: 'EPERM' });
        return rename(from, to);
      });
      await expect(directory(folder).save(artifacts(100, name))).rejects.toThrow(
        /EPERM.* What was saved .* is kept/,
      );
      expect(new Uint8Array(readFileSync(at('weights.bin')))).toEqual(weightBytes(artifacts(100, name)));
      expect(weightBytes(await directory(folder).load())).toEqual(weightBytes(artifacts(100, 'old')));
    }
    vi.mocked(fs.rename).mockImplementation(rename);
    await directory(folder).save(artifacts(100, 'newest'));
    expect(weightBytes(await directory(folder).load())).toEqual(weightBytes(artifacts(100, 'newest')));
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
  });

  it('survives being killed in the middle of a save', async () => {
    const folder = temporaryFolder();
    await directory(folder).save(artifacts(100, 'old'));
    const script = `
      import { directory } from './src/node/index.ts';
      for (let step = 0; ; step++) {
        await directory(${JSON.stringify(folder)}).save({
          modelTopology: {},
          weightSpecs: [{ name: 'w', shape: [200_000], dtype: 'float32' }],
          weightData: new Float32Array(200_000).fill(step).buffer,
          userDefinedMetadata: { step },
        });
        if (step === 0) process.stdout.write('saved once');
      }
    `;
    for (const delay of [5, 17, 29]) {
      const { child, output } = startProgram(script);
      await output();
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const { weightData, userDefinedMetadata } = await directory(folder).load();
      expect(new Set(new Float32Array(weightData as ArrayBuffer))).toEqual(
        new Set([userDefinedMetadata!.step]),
      );
    }
    writeFileSync(join(folder, 'weights.bin.999999999-0.tmp'), 'half');
    await directory(folder).save(artifacts(100, 'last'));
    expect(weightBytes(await directory(folder).load())).toEqual(weightBytes(artifacts(100, 'last')));
    expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
  });

  it('names the file that is missing, cut off, changed or of another kind', async () => {
    const folder = temporaryFolder();
    const load = () => directory(folder).load();
    const json = join(folder, 'model.json');
    await expect(load()).rejects.toThrow(
      /directory\.load: .*model\.json", which cannot be read: no such file/,
    );
    await expect(load()).rejects.toThrow(CheckpointError);
    await directory(folder).save(artifacts(100));
    const model = readFileSync(json, 'utf8');
    const weights = readFileSync(join(folder, 'weights.bin'));
    weights[200]! ^= 1;
    writeFileSync(join(folder, 'weights.bin'), weights);
    await expect(load()).rejects.toThrow(/weights\.bin", whose contents are not those that were saved/);
    writeFileSync(json, model.slice(0, 50));
    await expect(load()).rejects.toThrow(/model\.json", which is not JSON/);
    for (const wrong of [
      'null',
      '[]',
      '{"modelTopology":{}}',
      '{"weightsManifest":[null],"modelTopology":{}}',
    ]) {
      writeFileSync(json, wrong);
      await expect(load()).rejects.toThrow(/lacks modelTopology or weightsManifest/);
    }
    writeFileSync(json, model.replace('weights.bin', 'weight.bin'));
    await expect(load()).rejects.toThrow(/model\.json", whose contents are not those that were saved/);
    const outside = model.replace('weights.bin', '../weights.bin').replace('jsonSha256', 'note');
    writeFileSync(json, outside);
    await expect(load()).rejects.toThrow(/names weights outside/);
    await expect(directory(folder).save({ modelTopology: new ArrayBuffer(1) })).rejects.toThrow(
      /binary topology/,
    );
  });

  it('gives only errors of ours for damaged model files', async () => {
    const folder = temporaryFolder();
    await directory(folder).save(artifacts(3));
    const text = readFileSync(join(folder, 'model.json'));
    const mutation = fc.array(fc.tuple(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 })), {
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(mutation, async (edits) => {
        const damaged = Buffer.from(text);
        for (const [position, value] of edits) damaged[position] = value;
        writeFileSync(join(folder, 'model.json'), damaged);
        const result = await directory(folder)
          .load()
          .catch((error) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(CheckpointError);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('names a path that cannot be written', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), 'here');
    for (const path of [join(folder, 'file'), join(folder, 'file', 'below')]) {
      const error = await directory(path)
        .save(artifacts(10))
        .catch((reason) => reason);
      expect(error).toBeInstanceOf(CheckpointError);
      expect(error.message).toMatch(/path must be a folder that can be written.*file.*(EEXIST|ENOTDIR)/);
    }
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('here');
  });
});
