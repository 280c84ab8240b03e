import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stripes, tiny } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const commands = [
  'train',
  'embed',
  'search',
  'duplicates',
  'stacks',
  'map',
  'evaluate',
  'report',
  'export',
  'doctor',
  'backends',
];

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-'));
  mkdirSync(join(cwd, 'photos'));
  for (let i = 0; i < 4; i++) writeFileSync(join(cwd, `photos/${i}.png`), await stripes('rows', i));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** A module that makes Node refuse packages, as if they were not installed. */
function without(...packages: string[]): string {
  const hooks = `export async function resolve(name, context, next) {
    const refused = ${JSON.stringify(packages)}.find((each) => name === each || name.includes('/node_modules/' + each + '/'));
    if (refused) {
      throw Object.assign(new Error("Cannot find package '" + refused + "'"), { code: 'ERR_MODULE_NOT_FOUND' });
    }
    return next(name, context);
  }`;
  const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
  const code = `import { register } from 'node:module'; register(${JSON.stringify(url)});`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** Refuses TensorFlow.js altogether. */
const withoutTensorFlow = without(
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-layers',
  'sharp',
  'cli-progress',
);

describe('simclr-ts', () => {
  it('has help with examples for every command, and loads nothing for it', async () => {
    const { code, stdout, stderr } = await runCLI(['--help'], { cwd, imports: [withoutTensorFlow] });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    for (const command of commands) {
      const help = await runCLI([command, '--help'], { cwd });
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toMatch(new RegExp(`Examples:\n {2}# .+\n {2}\\$ simclr-ts ${command}`));
    }
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await runCLI(['--version'], { cwd })).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('ends with 2 on a wrong command line, on --json with an object', async () => {
    expect((await runCLI([], { cwd })).code).toBe(2);
    const unknown = await runCLI(['trian', 'photos'], { cwd });
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('Did you mean train?');
    const { code, json } = await runJSON(['embed'], { cwd });
    expect(code).toBe(2);
    expect(json).toEqual({
      error: { name: 'UsageError', message: "error: missing required argument 'path'", exitCode: 2 },
    });
  });

  it('says in a sentence which package is missing', async () => {
    const decoding = await runCLI(['train', 'photos', ...tiny, '--batch-size', '4'], {
      cwd,
      imports: [without('sharp')],
    });
    expect(decoding.code).toBe(5);
    expect(decoding.stderr).toMatch(
      /^Error: the package sharp must be there; install it with `npm install sharp`/,
    );
    const backends = without('@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-backend-cpu');
    const computing = await runCLI(['train', 'photos', ...tiny, '--batch-size', '4'], {
      cwd,
      imports: [backends],
    });
    expect(computing.code).toBe(5);
    expect(computing.stderr).toMatch(
      /^Error: No backend works here\. Install one with `npm install @tensorflow\/tfjs-backend-wasm`/,
    );
    const asked = await runCLI(
      ['train', 'photos', ...tiny, '--batch-size', '4', '--backend', 'tfjs-node-gpu'],
      {
        cwd,
        imports: [without('@tensorflow/tfjs-node-gpu')],
      },
    );
    expect(asked.code).toBe(5);
    expect(asked.stderr).toMatch(
      /^Error: The backend tfjs-node-gpu does not work here: .* is not installed\./,
    );
    const doctor = await runJSON(['doctor'], { cwd, imports: [without('sharp')] });
    expect(doctor.code).toBe(7);
    expect(doctor.json.checks).toContainEqual(expect.objectContaining({ name: 'sharp', status: 'error' }));
  });
});

describe('backends', () => {
  it('lists all, and which one is taken', async () => {
    const { code, json } = await runJSON(['backends'], {
      cwd,
      imports: [without('@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', 'webgpu')],
    });
    expect(code).toBe(0);
    expect(json).toMatchObject({
      best: 'wasm',
      backends: [
        { name: 'tfjs-node-gpu', works: false, reason: '@tensorflow/tfjs-node-gpu is not installed' },
        { name: 'webgpu', works: false },
        {
          name: 'wasm',
          works: true,
          reason: expect.stringMatching(
            /^WebAssembly on the processor, \d+ threads?, vectors of (128|256) bits$/,
          ),
        },
        { name: 'tfjs-node', works: false },
        { name: 'cpu', works: true },
      ],
    });
  });
});

describe('a configuration file', () => {
  const refused = async (contents: string) => {
    writeFileSync(join(cwd, 'bad.json'), contents);
    const { code, json } = await runJSON(['train', 'photos', '--config', 'bad.json'], { cwd });
    expect(code).toBe(2);
    return (json.error as { message: string }).message;
  };

  it('must be one', async () => {
    expect(await refused('{')).toMatch(/^bad\.json must be JSON\./);
    expect(await refused('[]')).toBe('bad.json must hold a JSON object.');
    const missing = await runCLI(['train', 'photos', '--config', 'nothing.json'], { cwd });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/^Error: --config must be a file that can be read\./);
  });

  it('has no unknown options and no wrong values', async () => {
    expect(await refused('{ "epoch": 3 }')).toMatch(
      /^bad\.json: epoch is not an option\. Did you mean epochs\? There are: .*epochs/,
    );
    expect(await refused('{ "train": { "threshold": 1 } }')).toMatch(
      /^bad\.json: train\.threshold is not an option/,
    );
    expect(await refused('{ "epochs": 0 }')).toMatch(/^bad\.json: epochs: It must be an integer >= 1\./);
    expect(await refused('{ "blur": "no" }')).toMatch(/^bad\.json: blur must be true or false\./);
    expect(await refused('{ "epochs": [1] }')).toMatch(/^bad\.json: epochs must be a text or a number\./);
    expect(await refused('{ "train": 3 }')).toBe('bad.json: train must be a JSON object.');
  });

  it('yields to flags, and holds options of other commands', async () => {
    const config = { epochs: 3, width: 4, size: 32, threshold: 0.9, json: true, embed: { out: 'x.npy' } };
    writeFileSync(join(cwd, 'good.json'), JSON.stringify(config));
    const flags = ['--config', 'good.json', '--epochs', '1', '--batch-size', '2', '--out', 'configured'];
    const { code, stdout } = await runCLI(['train', 'photos', ...flags], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ step: 2, outcome: 'completed' });
  });
});
