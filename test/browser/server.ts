import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

const page =
  '<!doctype html><meta charset="utf-8"><title>tests</title><link rel="icon" href="data:,">' +
  '<script type="module" src="page.js"></script>';

/** With these headers a page is cross-origin isolated: it may share memory with workers. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** A server on this machine alone. */
export interface PageServer {
  /** Where the page is: cross-origin isolated or not. */
  address(isolated: boolean): string;
  close(): void;
}

/**
 * Serves a page with the files of `folders`, the first that has one, under /isolated/ and under /open/. The page is their
 * index.html, or one that loads page.js.
 */
export async function servePage(folders: readonly string[]): Promise<PageServer> {
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const [, mode, rest = ''] = /^\/(isolated|open)\/(.*)$/.exec(pathname) ?? [];
    const headers = mode === 'isolated' ? isolation : {};
    const respond = (status: number, type: string, body: string | Buffer) => {
      response.writeHead(status, { ...headers, 'Content-Type': type }).end(body);
    };
    if (mode === undefined) return respond(404, 'text/plain', 'not found');
    const name = normalize(decodeURIComponent(rest || 'index.html'));
    if (name.startsWith('..')) return respond(404, 'text/plain', 'not found');
    for (const folder of folders) {
      const body = await readFile(join(folder, name)).catch(() => undefined);
      if (body) return respond(200, types[extname(name)] ?? 'application/octet-stream', body);
    }
    if (rest === '') return respond(200, types['.html']!, page);
    return respond(404, 'text/plain', 'not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: (isolated) => `http://127.0.0.1:${port}/${isolated ? 'isolated' : 'open'}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
