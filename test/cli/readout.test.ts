import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimCLR } from 'simclr-ts';
import { Readout } from 'simclr-ts/features';
import { loadStateDict, readSafetensors } from 'simclr-ts/interop';
import { resnet18 } from 'simclr-ts/models';
import { directory } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tiny, writeClasses } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-'));
  await writeClasses(join(cwd, 'photos'), 64);
  await writeClasses(join(cwd, 'few'), 3);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const stages = ['layer1.1.bn2', 'layer2.1.bn2'].map((layer) => ({ layer, grid: 3, weight: 1 }));

async function refused(args: string[]): Promise<{ code: number | null; message: string }> {
  const { code, json } = await runJSON(args, { cwd });
  return { code, message: (json.error as { message: string }).message };
}

/** Vectors of a file of lines. */
const rowsOf = (name: string): number[][] =>
  readFileSync(join(cwd, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).vector);

describe('train', () => {
  it('fits a read-out at the end and saves it with the model', async () => {
    const { code, json } = await runJSON(['train', 'photos', '--out', 'model', ...tiny], { cwd });
    expect(code).toBe(0);
    expect(json.readout).toEqual({ stages, dim: 16, pictures: 128, explainedVariance: expect.any(Number) });
    const loaded = await SimCLR.load(directory(join(cwd, 'model')));
    expect(loaded.readoutStatus).toBe('current');
    loaded.dispose();
    const { stdout } = await runCLI(['train', 'photos', '--out', 'model', '--resume', '--epochs', '2'], {
      cwd,
    });
    expect(stdout).toMatch(
      /^read-out +layer1\.1\.bn2 on 3x3, layer2\.1\.bn2 on 3x3: 16 numbers, fitted to 128 pictures$/m,
    );
  });

  it('fits none with --no-readout, and none to a handful of pictures', async () => {
    const none = await runJSON(['train', 'photos', '--out', 'none', '--no-readout', ...tiny], { cwd });
    expect(none.json.readout).toBeNull();
    const few = await runCLI(
      ['train', 'few', '--out', 'few-model', '--verbose', ...tiny, '--batch-size', '6'],
      {
        cwd,
      },
    );
    expect(few.stderr).toContain('No read-out: it takes at least 128 pictures. There are 6.');
    expect(few.stdout).not.toContain('read-out');
  });

  it('leaves a stale one behind when training goes on without another', async () => {
    cpSync(join(cwd, 'model'), join(cwd, 'stale'), { recursive: true });
    const flags = ['--out', 'stale', '--resume', '--epochs', '3', '--no-readout'];
    expect((await runJSON(['train', 'photos', ...flags], { cwd })).json.readout).toBeNull();
    const { stdout, stderr } = await runCLI(['duplicates', 'few', '--model', 'stale'], { cwd });
    expect(stderr).toMatch(/^Warning: The read-out of the model in "stale" is stale, .* Using h\./);
    expect(stdout).toContain('compared by h, 32 numbers');
    const { code, message } = await refused(['duplicates', 'few', '--model', 'stale', '--at', 'readout']);
    expect(code).toBe(4);
    expect(message).toMatch(
      /is stale, because training went on after it was fitted\. .*leave out --at readout/,
    );
  });
});

describe('a model with a read-out', () => {
  it('gives h to embed, and the vectors of the read-out on request', async () => {
    const h = await runJSON(['embed', 'few', '--out', 'h.jsonl', '--model', 'model'], { cwd });
    expect(h.json).toMatchObject({ at: 'h', dim: 32 });
    const given = await runCLI(['embed', 'few', '--out', 'r.jsonl', '--model', 'model', '--at', 'readout'], {
      cwd,
    });
    expect(given.stdout).toBe('6 vectors of 16 numbers at the read-out in r.jsonl\n');
    expect(rowsOf('h.jsonl')[0]).toHaveLength(32);
    expect(rowsOf('r.jsonl')[0]).toHaveLength(16);
    await runCLI(['embed', 'few', '--out', 'r.csv', '--model', 'model', '--at', 'readout'], { cwd });
    expect(readFileSync(join(cwd, 'r.csv'), 'utf8')).toMatch(/^path,r0,r1,/);
  });

  it('is searched at the read-out, unless told otherwise', async () => {
    const search = ['search', 'photos/rows/01.png', '--in', 'photos', '--model', 'model'];
    const readout = await runJSON(search, { cwd });
    expect(readout.json).toMatchObject({ at: 'readout', searched: 128 });
    const h = await runJSON([...search, '--at', 'h'], { cwd });
    expect(h.json.at).toBe('h');
    expect(h.json.results).not.toEqual(readout.json.results);
    const { stdout } = await runCLI(search, { cwd });
    expect(stdout).toContain('\ncompared by the read-out, 16 numbers\n');
    const duplicates = ['duplicates', 'few', '--model', 'model'];
    expect((await runJSON(duplicates, { cwd })).json).toMatchObject({ at: 'readout', similar: [] });
    expect((await runJSON([...duplicates, '--at', 'h'], { cwd })).json).toMatchObject({ at: 'h' });
  });

  it('is evaluated on h and at the read-out', async () => {
    const evaluate = ['evaluate', 'photos', '--model', 'model', '--neighbors', '3'];
    const both = await runJSON(evaluate, { cwd });
    expect(both.json.readout).toMatchObject({
      dim: 16,
      knn: { neighbors: 3, accuracy: expect.any(Number) },
      linearProbe: { accuracy: expect.any(Number), converged: expect.any(Boolean) },
    });
    const h = await runJSON([...evaluate, '--at', 'h'], { cwd });
    const { knn, linearProbe } = both.json;
    expect(h.json).toMatchObject({ knn, linearProbe, readout: null, gains: { readout: null } });
    expect(both.json).toMatchObject({
      baselines: { untrained: { readout: { knn: { accuracy: expect.any(Number) } } } },
      gains: { readout: { overBefore: { knn: { low: expect.any(Number) } } } },
    });
    const { stdout } = await runCLI(evaluate, { cwd });
    expect(stdout).toMatch(/^At the read-out, training/m);
    for (const row of ['h', 'read-out', 'read-out before training']) {
      expect(stdout).toMatch(new RegExp(`^${row} +\\d+\\.\\d % .* \\d+\\.\\d %`, 'm'));
    }
  });

  it('is exported at the read-out: safetensors bring the same vectors back', async () => {
    const files = [
      '--safetensors',
      'r.safetensors',
      '--onnx',
      'r.onnx',
      '--huggingface',
      'hf',
      '--tfjs',
      'web',
    ];
    const { code, json } = await runJSON(['export', ...files, '--model', 'model', '--at', 'readout'], {
      cwd,
    });
    expect([code, json.at]).toEqual([0, 'readout']);
    for (const name of ['r.safetensors', 'hf/model.safetensors']) {
      const { tensors, metadata } = readSafetensors(readFileSync(join(cwd, name)));
      const [kernel, bias] = ['kernel', 'bias'].map((key) => {
        const { data, shape } = tensors.get(`readout.${key}`)!;
        tensors.delete(`readout.${key}`);
        return { data: data as Float32Array, shape: [...shape] };
      });
      const encoder = resnet18({ inputShape: [32, 32, 3], width: 4, stem: 'small' });
      loadStateDict(encoder, tensors);
      const state = { json: JSON.parse(metadata.readout!), tensors: { kernel: kernel!, bias: bias! } };
      const readout = await Readout.fromState(encoder, state);
      const trained = await SimCLR.load(directory(join(cwd, 'model')));
      const images = {
        data: Float32Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => (i % 97) / 97),
        shape: [2, 32, 32, 3],
      };
      const [ours, theirs] = [
        await readout.embed(images as never),
        await trained.embed(images as never, { at: 'readout' }),
      ];
      const [a, b] = [ours.dataSync(), theirs.dataSync()];
      for (const [i, value] of a.entries())
        expect(Math.abs(value - b[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
      for (const each of [ours, theirs, readout, encoder, trained]) each.dispose();
    }
    const head = await refused([
      'export',
      '--onnx',
      'n.onnx',
      '--head',
      '--at',
      'readout',
      '--model',
      'model',
    ]);
    expect(head).toEqual({
      code: 2,
      message: '--head cannot be combined with --at readout: the projection head takes h.',
    });
    const any = await refused([
      'export',
      '--onnx',
      'n.onnx',
      '--any-size',
      '--at',
      'readout',
      '--model',
      'model',
    ]);
    expect(any.message).toMatch(/^--any-size cannot be combined with --at readout/);
  });
});

describe('a model without one', () => {
  it('is read at h, and refuses --at readout', async () => {
    const { json } = await runJSON(['search', 'few/rows/01.png', '--in', 'few', '--model', 'none'], { cwd });
    expect(json.at).toBe('h');
    for (const args of [
      ['embed', 'few', '--out', 'n.npy'],
      ['search', 'few/rows/01.png', '--in', 'few'],
      ['duplicates', 'few'],
      ['evaluate', 'photos'],
      ['export', '--onnx', 'n.onnx'],
    ]) {
      const { code, message } = await refused([...args, '--model', 'none', '--at', 'readout']);
      expect(code, args[0]).toBe(4);
      expect(message).toMatch(
        /^The model in "none" has no read-out\. It gets one when `simclr-ts train DIR --resume`/,
      );
    }
    expect((await refused(['embed', 'few', '--out', 'n.npy', '--at', 'z'])).code).toBe(2);
  });
});
