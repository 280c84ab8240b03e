import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** The program that WebKitGTK's driver controls. Debian's package of the driver has it beside the library. */
function findMiniBrowser(): string {
  const libraries = '/usr/lib';
  const folders = existsSync(libraries) ? readdirSync(libraries).map((name) => join(libraries, name)) : [];
  const candidates = folders.flatMap((folder) =>
    ['webkit2gtk-4.1', 'webkit2gtk-4.0', 'webkitgtk-6.0'].map((name) => join(folder, name, 'MiniBrowser')),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  throw new Error('No MiniBrowser of WebKitGTK was found. Debian: apt-get install webkit2gtk-driver xvfb');
}

/** A WebKit that is driven by the W3C's WebDriver, on a display of its own. */
export class WebKit {
  private constructor(
    private readonly child: ChildProcess,
    private readonly session: string,
    readonly version: string,
  ) {}

  /**
   * Starts `WebKitWebDriver` (`WEBKIT_DRIVER` names another) under Xvfb, and a browser.
   *
   * @param options - `sharedMemory`: whether isolated pages can give memory to workers, as in Safari. WebKitGTK 2.50 does
   *   that on request only.
   */
  static async start({ sharedMemory = false } = {}): Promise<WebKit> {
    const driver = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
    for (const path of [driver, '/usr/bin/xvfb-run']) {
      if (!existsSync(path)) {
        throw new Error(`No ${path} was found. Debian: apt-get install webkit2gtk-driver xvfb xauth`);
      }
    }
    const binary = findMiniBrowser();
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const args = ['-a', '-s', '-screen 0 1280x1024x24', driver, `--port=${port}`];
    // A group of its own, so that the display, the driver and the browser end together.
    const env = { ...process.env, ...(sharedMemory && { JSC_useSharedArrayBuffer: '1' }) };
    const child = spawn('xvfb-run', args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    try {
      const options = { binary, args: ['--automation'] };
      const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
      await until(30, () => answer(`${base}/status`), `WebKitWebDriver does not answer: ${output}`);
      const session = (await answer(`${base}/session`, { capabilities })) as {
        sessionId: string;
        capabilities: { browserVersion: string };
      };
      const address = `${base}/session/${session.sessionId}`;
      await answer(`${address}/timeouts`, { script: 60_000, pageLoad: 120_000 });
      return new WebKit(child, address, session.capabilities.browserVersion);
    } catch (error) {
      endGroup(child);
      throw error;
    }
  }

  /** Opens an address and waits until it is loaded. */
  async goto(url: string): Promise<void> {
    await answer(`${this.session}/url`, { url });
  }

  /** The value of an expression in the page; it must be JSON. */
  async evaluate<T>(expression: string): Promise<T> {
    const script = `return (${expression});`;
    return (await answer(`${this.session}/execute/sync`, { script, args: [] })) as T;
  }

  async close(): Promise<void> {
    await fetch(this.session, { method: 'DELETE', signal: AbortSignal.timeout(10_000) }).catch(() => {});
    endGroup(this.child);
  }
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** A command of the protocol and the value of its answer. */
async function answer(url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  const { value } = (await response.json()) as { value: { error?: string; message?: string } | null };
  if (!response.ok) throw new Error(`${url}: ${value?.error}: ${value?.message}`);
  return value;
}

/** Repeats until there is a result, with patience for errors until the time is over. */
async function until<T>(seconds: number, ask: () => Promise<T>, otherwise: string): Promise<T> {
  const deadline = performance.now() + 1000 * seconds;
  for (;;) {
    let reason = '';
    try {
      const result = await ask();
      if (result) return result;
    } catch (error) {
      reason = `: ${(error as Error).message}`;
    }
    if (performance.now() > deadline) throw new Error(`${otherwise}${reason}`);
    await sleep(200);
  }
}
