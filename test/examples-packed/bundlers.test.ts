/** One import and no configuration for `.wasm` files, in every bundler, as it is and minified, with threads and without. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { launchChromium } from '../browser/engines/chromium-engine.js';
import { servePage } from '../browser/server.js';
import { execute } from '../package/packed.js';
import { bundlerNames, bundlersFolder } from './examples.js';

interface Trained {
  loss: number;
  threads: number;
}

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

const folderOf = (name: string) => join(inject('workshop'), name);

/** What the program says when it is opened. It must not ask the host for binaries, nor print an error. */
async function open(url: string): Promise<{ page: Trained; worker?: Trained }> {
  const page = await browser.newPage();
  try {
    const unwanted: string[] = [];
    page.on('pageerror', ({ message }) => unwanted.push(message));
    page.on('console', (line) => {
      const isIcon = line.location().url.endsWith('/favicon.ico'); // not every page names one
      if (line.type() === 'error' && !isIcon) unwanted.push(line.text());
    });
    page.on('request', (request) => /\.wasm/.test(request.url()) && unwanted.push(request.url()));
    await page.goto(url, { timeout: 120_000 }); // a server that develops compiles first
    const state = page.locator('#state', { hasText: '{' });
    await state.waitFor({ timeout: 120_000 });
    expect(unwanted).toEqual([]);
    return JSON.parse((await state.textContent())!);
  } finally {
    await page.close();
  }
}

/** The loss is the same everywhere. */
const losses = new Set<number>();
function expectTrained({ page, worker }: Partial<Record<string, Trained>>, threads: boolean): void {
  for (const each of worker ? [page, worker] : [page]) {
    expect(each).toMatchObject({ loss: expect.any(Number), threads: expect.any(Number) });
    expect(each!.threads > 1).toBe(threads);
    losses.add(each!.loss);
  }
  expect([...losses]).toHaveLength(1);
}

it('each has at most 15 lines of its own', () => {
  expect(bundlerNames).toEqual(['esbuild', 'next', 'parcel', 'rollup', 'static', 'webpack']);
  for (const name of bundlerNames) {
    const files = readdirSync(join(bundlersFolder, name), { recursive: true, withFileTypes: true });
    const lines = files
      .filter((file) => file.isFile() && file.name !== 'package.json')
      .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8').trimEnd().split('\n').length);
    expect(
      lines.reduce((sum, count) => sum + count, 0),
      name,
    ).toBeLessThanOrEqual(15);
  }
});

it.each(
  ['webpack', 'rollup', 'esbuild', 'parcel'].flatMap((name) => [
    [name, 'build:development'],
    [name, 'build'],
  ]),
)('%s, %s: trains on the page and in a worker', async (name, script) => {
  const folder = folderOf(name);
  await writeFile(join(folder, 'package-lock.json'), '{}'); // where Parcel's project begins, as after `npm install`
  await execute('npm', ['run', '--silent', script], folder);
  const server = await servePage([join(folder, 'dist')]);
  try {
    // Threads or none is a matter of the host, not of how the program was built.
    for (const isolated of script === 'build' ? [true, false] : [true]) {
      const result = await open(server.address(isolated));
      expect(Object.keys(result)).toEqual(['page', 'worker']);
      expectTrained({ ...result }, isolated);
    }
  } finally {
    server.close();
  }
});

it('a static folder without a bundler: trains on the page', async () => {
  const server = await servePage([folderOf('static'), inject('workshop')]);
  try {
    for (const isolated of [true, false]) expectTrained(await open(server.address(isolated)), isolated);
  } finally {
    server.close();
  }
});

/** Next's own server; `dev` compiles when it is asked. */
function serveNext(script: 'start' | 'dev'): Promise<{ url: string; server: ChildProcess }> {
  return new Promise((resolve, reject) => {
    const args = ['run', '--silent', script, '--', '--hostname', '127.0.0.1', '--port', '41731'];
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };
    const server = spawn('npm', args, { cwd: folderOf('next'), env, detached: true });
    let output = '';
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (text) => {
        output += text;
        if (/Ready in/.test(output)) resolve({ url: 'http://127.0.0.1:41731/', server });
      });
    }
    server.on('exit', () => reject(new Error(`next ${script} ended: ${output}`)));
  });
}

it.each(['dev', 'start'] as const)('next %s: trains on the page and in a worker', async (script) => {
  if (script === 'start') await execute('npm', ['run', '--silent', 'build'], folderOf('next'));
  const { url, server } = await serveNext(script);
  try {
    const result = await open(url);
    expect(Object.keys(result)).toEqual(['page', 'worker']);
    expectTrained({ ...result }, true);
  } finally {
    process.kill(-server.pid!); // npm, the shell and Next
  }
});
