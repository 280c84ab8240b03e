import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stripes, tiny, writeClasses } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-'));
  await writeClasses(join(cwd, 'photos'), 12);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe('train', () => {
  it('trains, writes a model, and says loss and rank', async () => {
    const { code, stdout } = await runCLI(['train', 'photos', ...tiny, '--out', 'first'], { cwd });
    expect(stdout).toMatch(
      /^Trained for 3 steps on 24 pictures\.\nloss +\d+\.\d{4} to \d+\.\d{4}, means of the first and last tenth \(2\.7081/,
    );
    expect(stdout).toMatch(/effective rank +\d+\.\d to \d+\.\d of 32\n/);
    expect(stdout).toMatch(
      /\nmodel +first: \d+ MB, of which you can delete the folder checkpoints \(\d+ MB\)\n$/,
    );
    expect(code).toBe(0);
    for (const file of ['model.json', 'weights.bin', 'training.json', 'checkpoints/checkpoints.json']) {
      expect(existsSync(join(cwd, 'first', file)), file).toBe(true);
    }
  });

  it('leaves twice the model on the disk, or the checkpoints that --keep asks for', async () => {
    const checkpoints = (out: string) =>
      readdirSync(join(cwd, out, 'checkpoints')).filter((name) => name.startsWith('step-'));
    const flags = ['train', 'photos', ...tiny, '--epochs', '3'];
    const { json } = await runJSON([...flags, '--out', 'twice'], { cwd });
    expect(checkpoints('twice')).toEqual(['step-0000000009']);
    const { all, checkpoints: bytes } = json.disk as { all: number; checkpoints: number };
    expect(bytes).toBeGreaterThan(0.4 * all);
    expect(bytes).toBeLessThan(0.5 * all);
    await runCLI([...flags, '--keep', '3', '--out', 'kept'], { cwd });
    expect(checkpoints('kept')).toHaveLength(3);
    // The copy is what a damaged model falls back to.
    truncateSync(join(cwd, 'twice/weights.bin'), 100);
    const { stderr, code } = await runCLI(['embed', 'photos', '--model', 'twice', '--out', 'v.npy'], { cwd });
    expect(stderr).toContain('model.json in twice is damaged');
    expect(code).toBe(0);
    // And it can be deleted.
    rmSync(join(cwd, 'kept/checkpoints'), { recursive: true });
    const more = await runJSON(['train', 'photos', '--out', 'kept', '--resume', '--epochs', '4'], { cwd });
    expect(more.json).toMatchObject({ outcome: 'completed', step: 12 });
  });

  it('continues with --resume where it ended, and takes no other settings', async () => {
    await runCLI(['train', 'photos', ...tiny, '--out', 'short'], { cwd });
    const resumed = await runJSON(['train', 'photos', '--out', 'short', '--resume', '--epochs', '2'], {
      cwd,
    });
    expect(resumed.json).toMatchObject({ outcome: 'completed', step: 6, epochs: [{ epoch: 1 }] });
    const whole = await runJSON(['train', 'photos', ...tiny, '--epochs', '2', '--out', 'whole'], { cwd });
    const [first, second] = whole.json.epochs as { loss: number }[];
    expect(whole.json.loss).toMatchObject({ first: first!.loss, last: second!.loss, over: 'epoch' });
    expect(resumed.json.epochs).toMatchObject([{ loss: second!.loss }]);

    const done = await runCLI(['train', 'photos', '--out', 'short', '--resume'], { cwd });
    expect(done.stdout).toContain('Nothing left to train');
    const other = await runCLI(['train', 'photos', '--out', 'short', '--resume', '--width', '8'], { cwd });
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toContain('has --width 4 (not 8)');
  });

  it('is silent on standard error where nobody watches, and speaks with --verbose', async () => {
    const flags = ['train', 'photos', ...tiny, '--strength', '0.1', '--out', 'loud', '--overwrite'];
    const quiet = await runCLI(flags, { cwd });
    expect(quiet.stderr.split('\n').filter((line) => !line.startsWith('Warning: ') && line !== '')).toEqual(
      [],
    );
    const verbose = await runCLI([...flags, '--verbose'], { cwd });
    expect(verbose.stderr).toMatch(/^Using wasm[\s\S]*epoch 1\/1: loss/);
  });

  it('lists ten bad files among many, and trains on the rest', async () => {
    const dir = join(cwd, 'damaged');
    mkdirSync(dir);
    for (let i = 0; i < 30; i++) {
      const picture = await stripes('rows', i);
      writeFileSync(join(dir, `${i}.png`), i % 3 === 0 ? picture.subarray(0, 50 + (i % 7)) : picture);
    }
    // Batches of 8: six files of 30 are in none, and are looked at all the same.
    const { code, json, stderr } = await runJSON(['train', 'damaged', ...tiny, '--out', 'rest'], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ pictures: 20, outcome: 'completed' });
    const skipped = (json.skipped as { path: string; reason: string }[]).map(({ path }) => path);
    expect(skipped.sort()).toEqual(
      [0, 3, 6, 9, 12, 15, 18, 21, 24, 27].map((i) => join('damaged', `${i}.png`)).sort(),
    );
    expect(stderr).toContain('10 files are not complete pictures. Left out:');
    for (const path of skipped) expect(stderr).toContain(`  ${path}: `);
  });

  it('ends whole on Ctrl-C: exit code 130 and a checkpoint to continue from', async () => {
    const flags = ['train', 'photos', ...tiny, '--out', 'cut'];
    let sent = false;
    const cut = await runJSON([...flags, '--epochs', '10000', '--verbose'], {
      cwd,
      onStderr(text, kill) {
        if (sent || !text.includes('epoch 2/')) return;
        sent = true;
        kill('SIGINT');
      },
    });
    expect(cut.code).toBe(130);
    expect(cut.json).toMatchObject({ outcome: 'aborted', model: 'cut' });
    const step = cut.json.step as number;
    expect(step).toBeGreaterThanOrEqual(6);
    const epochs = Math.ceil((step + 1) / 3);
    const resumed = await runJSON([...flags, '--resume', '--epochs', String(epochs)], { cwd });
    expect(resumed.code).toBe(0);
    expect(resumed.json).toMatchObject({ outcome: 'completed', step: 3 * epochs });
  });

  it('leaves a model to use and to continue with when it is killed', async () => {
    const flags = ['train', 'photos', ...tiny, '--out', 'killed'];
    const killed = await runCLI([...flags, '--epochs', '10000', '--verbose'], {
      cwd,
      onStderr(text, kill) {
        if (text.includes('epoch 3/')) kill('SIGKILL');
      },
    });
    expect(killed).toMatchObject({ code: null, stdout: '' });
    expect(existsSync(join(cwd, 'killed/model.json'))).toBe(false);
    const used = await runJSON(['embed', 'photos', '--model', 'killed', '--out', 'killed.npy'], { cwd });
    expect(used.json).toMatchObject({ pictures: 24 });
    const resumed = await runJSON(['train', 'photos', '--out', 'killed', '--resume', '--minutes', '0.01'], {
      cwd,
    });
    expect(resumed.json).toMatchObject({ outcome: 'stopped' });
    expect(resumed.json.step).toBeGreaterThan(6);
  });

  it('killed after --resume leaves its newest checkpoint as the model of every command', async () => {
    const flags = ['train', 'photos', ...tiny, '--out', 'further'];
    await runCLI(flags, { cwd });
    const ended = readFileSync(join(cwd, 'further/model.json'), 'utf8');
    const killed = await runCLI([...flags, '--resume', '--epochs', '10000', '--verbose'], {
      cwd,
      onStderr(text, kill) {
        if (text.includes('epoch 3/')) kill('SIGKILL');
      },
    });
    expect(killed.code).toBe(null);
    expect(readFileSync(join(cwd, 'further/model.json'), 'utf8')).toBe(ended); // of step 3
    const { json } = await runJSON(['doctor', '--model', 'further'], { cwd });
    const { message } = (json.checks as { name: string; message: string }[]).find(
      ({ name }) => name === 'model',
    )!;
    expect(Number(/(\d+) steps/.exec(message)![1])).toBeGreaterThanOrEqual(9);
  });

  it('takes no fewer epochs with --resume than the run has had, and leaves its plan', async () => {
    const flags = ['train', 'photos', ...tiny, '--limit', '8', '--out', 'longer'];
    await runCLI([...flags, '--epochs', '3'], { cwd });
    const plan = readFileSync(join(cwd, 'longer/training.json'), 'utf8');
    const { code, stderr } = await runCLI([...flags, '--resume', '--epochs', '2'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('the run in "longer" has completed 3 epochs. Received: --epochs 2.');
    expect(readFileSync(join(cwd, 'longer/training.json'), 'utf8')).toBe(plan);
    const same = await runCLI([...flags, '--resume', '--epochs', '3'], { cwd });
    expect(same.stdout).toContain('Nothing left to train');
  });

  it('ends when its minutes are over', async () => {
    const flags = [...tiny, '--epochs', '10000', '--minutes', '0.01', '--out', 'timed'];
    const { code, json } = await runJSON(['train', 'photos', ...flags], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ outcome: 'stopped', reason: 'the time is up' });
  });

  it('takes a recipe, micro-batches and a configuration file', async () => {
    const config = { size: 32, width: 4, train: { epochs: 1, microBatchSize: 4, batchSize: 8, blur: false } };
    writeFileSync(join(cwd, 'config.json'), JSON.stringify(config));
    const flags = [
      '--recipe',
      'lightly-cifar10',
      '--config',
      'config.json',
      '--out',
      'recipe',
      '--limit',
      '16',
    ];
    const { code, json } = await runJSON(['train', 'photos', ...flags, '--seed', '3'], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ batchSize: 8, pictures: 16, step: 2 });
    const settings = JSON.parse(readFileSync(join(cwd, 'recipe/training.json'), 'utf8'));
    expect(settings).toMatchObject({ seed: 3, limit: 16, recipe: { name: 'lightly-cifar10' } });
    expect(settings.recipe).toMatchObject({
      encoder: { inputShape: [32, 32, 3], width: 4, stem: { kernelSize: 3, activation: 'none' } },
      augmentation: { options: { blur: false } },
      optimizer: { name: 'sgd' },
      training: { batchSize: 8, epochs: 1, datasetSize: 16 },
    });
  });

  it('takes a loss and the kind of views, and keeps to them', async () => {
    const flags = [
      '--loss',
      'dcl',
      '--temperature',
      '0.2',
      '--crop-from',
      '0.3',
      '--no-flip',
      '--out',
      'loss',
    ];
    const { code, json } = await runJSON(['train', 'photos', ...tiny, ...flags], { cwd });
    expect(code).toBe(0);
    expect(json.loss).toMatchObject({ chance: null });
    const { userDefinedMetadata } = JSON.parse(readFileSync(join(cwd, 'loss/model.json'), 'utf8'));
    expect(userDefinedMetadata).toMatchObject({
      loss: { name: 'dcl', temperature: 0.2 },
      augmentation: { options: { scale: [0.3, 1], flipProbability: 0 } },
    });
    const resume = ['train', 'photos', '--out', 'loss', '--resume', '--epochs', '2'];
    const other = await runCLI([...resume, '--loss', 'ntXent'], { cwd });
    expect(other.stderr).toContain('has --loss dcl (not ntXent)');
    expect(other.code).toBe(2);
    expect((await runJSON(resume, { cwd })).json).toMatchObject({ step: 6 });
    const without = ['--loss', 'vicReg', '--out', 'vicreg'];
    const refused = await runCLI(['train', 'photos', ...tiny, ...without, '--temperature', '0.2'], { cwd });
    expect(refused.stderr).toContain('--temperature is for losses that have one, and --loss vicReg has none');
    expect((await runCLI(['train', 'photos', ...tiny, ...without], { cwd })).code).toBe(0);
  });

  it('takes the usual batch only if there are enough pictures, says so, and continues with it', async () => {
    const flags = ['--width', '4', '--size', '32', '--epochs', '1', '--limit', '6', '--out', 'few'];
    const first = await runJSON(['train', 'photos', ...flags], { cwd });
    expect(first.json).toMatchObject({ batchSize: 6, step: 1 });
    expect(first.stderr).toContain(
      'Warning: Using batches of 6 instead of 64, because there are no more pictures.',
    );
    const { recipe } = JSON.parse(readFileSync(join(cwd, 'few/training.json'), 'utf8'));
    expect(recipe.training).toEqual({ batchSize: 6, epochs: 1, datasetSize: 6 });
    // The same command line continues.
    const more = [...flags, '--resume', '--epochs', '2'];
    expect((await runJSON(['train', 'photos', ...more], { cwd })).json).toMatchObject({ step: 2 });
  });

  it('takes two epochs of a recipe with a warm-up of ten', async () => {
    const flags = ['--recipe', 'google-cifar10', '--width', '4', '--batch-size', '8', '--epochs', '2'];
    const { code, json } = await runJSON(
      ['train', 'photos', ...flags, '--warmup-epochs', '0.5', '--out', 'warm'],
      { cwd },
    );
    expect(code).toBe(0);
    expect(json).toMatchObject({ step: 6, outcome: 'completed' });
    const { recipe } = JSON.parse(readFileSync(join(cwd, 'warm/training.json'), 'utf8'));
    expect(recipe.optimizer.learningRate.schedule).toMatchObject({ name: 'warmupCosine', warmupEpochs: 0.5 });
  });
});

describe('train refuses', () => {
  const refused = async (args: string[]) => {
    const { code, json, stderr } = await runJSON(['train', ...args], { cwd });
    const { message, exitCode } = json.error as { message: string; exitCode: number };
    expect(exitCode).toBe(code);
    if (code !== 2) expect(stderr).toContain(`Error: ${message}`);
    return { code, message };
  };

  it('a folder that is not there, is empty, or holds no whole picture', async () => {
    expect(await refused(['nowhere', ...tiny])).toEqual({
      code: 3,
      message: expect.stringContaining('no such file or directory (ENOENT)'),
    });
    mkdirSync(join(cwd, 'empty'));
    expect(await refused(['empty', ...tiny])).toEqual({
      code: 3,
      message: expect.stringContaining('dir must hold at least one picture'),
    });
    mkdirSync(join(cwd, 'broken'));
    for (const name of ['a.png', 'b.jpg']) writeFileSync(join(cwd, 'broken', name), 'no picture');
    expect(await refused(['broken', ...tiny, '--batch-size', '2'])).toEqual({
      code: 3,
      message: expect.stringMatching(
        /at least 2 whole pictures\. Received: 0 of 2 files\. The first .*a\.png/,
      ),
    });
    expect(existsSync(join(cwd, 'simclr-model'))).toBe(false);
  });

  it('to replace a model unasked, or to continue with none', async () => {
    await runCLI(['train', 'photos', ...tiny, '--limit', '8', '--out', 'kept'], { cwd });
    const before = readFileSync(join(cwd, 'kept/model.json'), 'utf8');
    expect(await refused(['photos', ...tiny, '--out', 'kept'])).toEqual({
      code: 2,
      message: expect.stringContaining('"kept" already holds a model'),
    });
    expect(readFileSync(join(cwd, 'kept/model.json'), 'utf8')).toBe(before);
    expect((await refused(['photos', '--out', 'kept', '--resume', '--overwrite'])).code).toBe(2);
    expect(await refused(['photos', '--out', 'nothing', '--resume'])).toEqual({
      code: 4,
      message: expect.stringContaining('there is none in "nothing"'),
    });
    rmSync(join(cwd, 'kept/training.json'));
    expect(await refused(['photos', '--out', 'kept', '--resume'])).toEqual({
      code: 4,
      message: expect.stringContaining('training.json'),
    });
  });

  it('values and options that cannot be', async () => {
    expect(await refused(['photos', '--epochs', '0'])).toEqual({
      code: 2,
      message: expect.stringContaining('It must be an integer >= 1'),
    });
    expect((await refused(['photos', '--temperature', 'hot'])).code).toBe(2);
    expect((await refused(['photos', '--recipe', 'soup'])).code).toBe(2);
    expect((await refused(['photos', '--epoch', '3'])).message).toContain('Did you mean --epochs?');
    expect((await refused([])).message).toContain("missing required argument 'source'");
    expect((await refused(['photos', ...tiny, '--micro-batch-size', '3', '--out', 'micro'])).code).toBe(2);
  });

  it('to continue when the loss is not a number, and keeps the checkpoint', async () => {
    const flags = [...tiny, '--learning-rate', '1e38', '--epochs', '20', '--out', 'diverged'];
    expect(await refused(['photos', ...flags])).toEqual({
      code: 6,
      message: expect.stringContaining('Lower the learning rate'),
    });
    expect(existsSync(join(cwd, 'diverged/checkpoints/checkpoints.json'))).toBe(true);
  });
});
