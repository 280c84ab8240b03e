import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { readSafetensors, stateDict, writeSafetensors } from 'simclr-ts/interop';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultTraining } from '../../examples/studio/shared/settings.js';
import { earlyStages } from '../../examples/studio/worker/model.js';
import { buildStudio } from './build.js';
import { type OpenStudio, openStudio, setTraining, unfold } from './open-studio.js';
import { drawnFiles } from './pictures.js';

const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-studio-'));
const file = join(folder, 'encoder.safetensors');
const page = join(folder, 'page');
let studio: OpenStudio;

beforeAll(async () => {
  await setBackend('cpu');
  const encoder = earlyStages({ ...defaultTraining, width: 8, seed: 99 });
  const metadata = { width: '8', training: 'SimCLR on nothing, for a test' };
  writeFileSync(file, writeSafetensors(await stateDict(encoder), { metadata }));
  encoder.dispose();
  await buildStudio(page, file);
  studio = await openStudio({ folder: page });
});

afterAll(async () => {
  await studio?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Weights of the encoder that the page gives away. */
async function weights(): Promise<Map<string, number[]>> {
  await unfold(studio.page, 'keep', 'files-box');
  const download = studio.page.waitForEvent('download');
  await studio.page.click('#exports [data-kind=safetensors]');
  const { tensors } = readSafetensors(readFileSync(await (await download).path()));
  return new Map([...tensors].map(([name, { data }]) => [name, Array.from(data as Float32Array)]));
}

/** Takes one pass with steps too small to be seen. */
async function trainHardly(): Promise<void> {
  const settings = { epochs: '1', batchSize: '16', learningRate: '1e-9' };
  await setTraining(studio.page, settings);
  await studio.page.click('#start');
  await studio.text('#train-state', /is done/);
}

it('begins with the encoder that came with the page, where a person chooses it', async () => {
  const { host } = studio;
  const asked = () => host.requests.filter((path) => path.endsWith('.safetensors')).length;
  const askedWhenReady = asked();
  expect(askedWhenReady).toBeGreaterThan(0); // once for each time that the page was loaded
  expect(await studio.text('#start-note', /CIFAR-10/)).toContain('SimCLR on nothing, for a test');
  await studio.page.setInputFiles('#files', await drawnFiles(16));
  await studio.text('#pictures-state', /^16 pictures/);
  await setTraining(studio.page, { width: '16', start: 'encoder' });
  expect(await studio.page.inputValue('#settings [name=width]')).toBe('8');
  expect(await studio.page.isDisabled('#settings [name=width]')).toBe(true);
  await trainHardly();
  const { tensors } = readSafetensors(readFileSync(file));
  const found = await weights();
  for (const [name, { data }] of tensors) {
    if (/running|num_batches/.test(name)) continue; // these follow the pictures
    const expected = Array.from(data as Float32Array);
    const difference = Math.max(...expected.map((value, i) => Math.abs(value - found.get(name)![i]!)));
    expect(difference, name).toBeLessThan(1e-6);
  }
  expect(asked()).toBe(askedWhenReady);
});

it('begins from scratch where a person chooses that', async () => {
  const before = await weights();
  await setTraining(studio.page, { start: 'scratch' });
  expect(await studio.page.isDisabled('#settings [name=width]')).toBe(false);
  await trainHardly();
  await studio.text('#notices', /These settings need a new model/);
  const after = await weights();
  const name = [...before.keys()].find((key) => key.startsWith('layer1') && key.endsWith('weight'))!;
  expect(after.get(name)).not.toEqual(before.get(name));
  expect(studio.errors).toEqual([]);
});
