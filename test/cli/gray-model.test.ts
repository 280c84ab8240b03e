import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectionHead, resnet18, SimCLR } from 'simclr-ts';
import { directory } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitChannels } from '../../src/cli/actions/fit-channels.js';
import { writeClasses } from './pictures.js';
import { runCLI } from './run-cli.js';

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-'));
  await writeClasses(join(cwd, 'photos'), 2);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const grayModel = () =>
  new SimCLR({
    encoder: resnet18({ inputShape: [16, 16, 1], stem: 'small', width: 2 }),
    projectionHead: projectionHead({ inputDim: 16, hidden: [8], outputDim: 4 }),
  });

describe('a model of gray pictures', () => {
  it('gets them as Pillow makes them of color pictures', () => {
    const colors = [
      [0, 0, 0],
      [255, 255, 255],
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [12, 200, 77],
      [123, 45, 67],
      [250, 251, 249],
    ];
    const images = { data: Uint8Array.from(colors.flat()), shape: [2, 2, 2, 3] as const };
    const simclr = grayModel();
    expect(fitChannels(simclr, images)).toEqual({
      data: Uint8Array.of(0, 255, 76, 150, 29, 130, 71, 250), // Image.convert('L') of Pillow 9.4
      shape: [2, 2, 2, 1],
    });
    simclr.dispose();
  });

  it('embeds files', async () => {
    const simclr = grayModel();
    await simclr.save(directory(join(cwd, 'gray')));
    simclr.dispose();
    const flags = ['--model', 'gray', '--out', 'vectors.csv'];
    const { code, stderr } = await runCLI(['embed', 'photos', ...flags], { cwd });
    expect(stderr).not.toMatch(/shape/i);
    expect(code).toBe(0);
    expect(readFileSync(join(cwd, 'vectors.csv'), 'utf8').trim().split('\n')).toHaveLength(5);
  });
});
