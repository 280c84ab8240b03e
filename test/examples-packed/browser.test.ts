import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { findChromium } from '../browser/engines/chromium.js';
import { execute } from '../package/packed.js';
import { serveFolder } from '../studio/static-host.js';
import { expectLearning, expectRight } from './expect-learning.js';

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
});
afterAll(() => browser?.close());

/** Builds an example and says where. */
async function build(name: string): Promise<string> {
  const folder = join(inject('workshop'), name);
  await execute('npm', ['run', '--silent', 'build'], folder);
  return folder;
}

/** A page, and the errors that nobody caught in it. */
async function open(url: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser!.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors };
}

/** Waits for a text of the page's status line. */
async function state(page: Page, pattern: RegExp): Promise<string> {
  const line = page.getByRole('status').filter({ hasText: pattern });
  await line.waitFor({ timeout: 120_000 });
  return (await line.textContent())!;
}

it('browser-vite trains from static files and shows what it did', async () => {
  const host = await serveFolder(join(await build('browser-vite'), 'dist'));
  try {
    const { page, errors } = await open(host.url);
    const text = await state(page, /^(Done|Failed)/);
    expectLearning(text);
    expectRight(text, 60);
    expect((await page.locator('#loss').getAttribute('points'))!.split(' ')).toHaveLength(24);
    expect(await page.locator('#neighbors canvas').count()).toBe(24);
    expect(errors).toEqual([]);
  } finally {
    await host.close();
  }
});

/** The address at which Vite serves an example: `preview` what was built, `dev` what it is built of. */
function serve(script: 'preview' | 'dev', folder: string): Promise<{ url: string; server: ChildProcess }> {
  return new Promise((resolve, reject) => {
    const args = ['run', '--silent', script, '--', '--host', '127.0.0.1', '--port', '41730'];
    const env = { ...process.env, NO_COLOR: '1' };
    const server = spawn('npm', args, { cwd: folder, env, detached: true });
    let output = '';
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (text) => {
        output += text;
        const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output);
        if (url) resolve({ url: url[0], server });
      });
    }
    server.on('exit', () => reject(new Error(`vite ${script} ended: ${output}`)));
  });
}

it.each([
  ['web-worker', 'one thread', false],
  ['browser-vite', 'one thread', true],
] as const)('%s trains while it is developed', async (name, line, prints) => {
  const { url, server } = await serve('dev', join(inject('workshop'), name));
  try {
    // Vite reloads the page when it finds a package to prepare.
    const warmUp = await open(url);
    await warmUp.page.waitForTimeout(5000);
    await warmUp.page.close();
    const { page, errors } = await open(url);
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    if (name === 'web-worker') await page.getByRole('button', { name: 'Train' }).click();
    expectLearning(await state(page, /^(Training|Done|Failed)/));
    expect(lines.some((text) => text.includes(line))).toBe(prints);
    expect(errors).toEqual([]);
  } finally {
    process.kill(-server.pid!);
  }
});

it('web-worker trains on threads in a worker, tells the page of each step, and stops when asked', async () => {
  const { url, server } = await serve('preview', await build('web-worker'));
  try {
    const { page, errors } = await open(url);
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const heard: string[] = [];
    await page.exposeFunction('heardStep', (text: string) => heard.push(text));
    await page.evaluate(() => {
      const line = document.getElementById('state')!;
      const { heardStep } = globalThis as unknown as { heardStep: (text: string) => void };
      new MutationObserver(() => heardStep(line.textContent!)).observe(line, { childList: true });
    });
    await page.getByRole('button', { name: 'Train' }).click();
    const text = await state(page, /^(Training|Failed)/);
    expect(text).toContain('Training completed after 36 steps');
    expectLearning(text);
    expectRight(text, 60);
    expect(heard.filter((line) => line.startsWith('Step '))).toHaveLength(36);
    expect(lines.filter((line) => line.includes('one thread'))).toEqual([]);

    await page.getByRole('button', { name: 'Train' }).click();
    await state(page, /^Step \d+,/); // any: looks at the line come further apart than steps
    await page.getByRole('button', { name: 'Stop' }).click();
    expect(await state(page, /^(Training|Failed)/)).toMatch(/^Training aborted after \d+ steps/);
    expect(errors).toEqual([]);
  } finally {
    process.kill(-server.pid!); // npm, the shell and Vite
  }
});
