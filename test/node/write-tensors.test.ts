import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from './temporary.js';

const source = new URL('../../src/node/checkpoints/write-tensors.ts', import.meta.url).href;

it('the thread that writes takes no options of the process, nor from its environment', async () => {
  const folder = temporaryFolder();
  const [log, probe, file] = ['log', 'instrument.mjs', 'tensors'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    probe,
    `import { appendFileSync } from 'node:fs';\nappendFileSync(${JSON.stringify(log)}, '.');\n`,
  );
  const url = pathToFileURL(probe).href;
  const text = `
    const { writeTensors } = await import(${JSON.stringify(source)});
    const bytes = Float32Array.of(1, 2, 3).buffer;
    console.log(JSON.stringify(await writeTensors(${JSON.stringify(file)}, [bytes], [true])));`;
  const options = ['--input-type=module', '--import', url, '--import', 'tsx', '--eval', text];
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, NODE_OPTIONS: `--import ${url}` },
  });
  const written = readFileSync(file);
  expect(new Float32Array(written.buffer, written.byteOffset, 3)).toEqual(Float32Array.of(1, 2, 3));
  expect(JSON.parse(stdout)).toEqual({ sha256: createHash('sha256').update(written).digest('hex') });
  expect(readFileSync(log, 'utf8')).toBe('.');
});
