import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** A plain static host that sends no header of isolation, as most do. */
export interface StaticHost {
  /** Address of the page, below a path of some depth. */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Serves `folder` under `/some/where/`. */
export async function serveFolder(folder: string): Promise<StaticHost> {
  const base = '/some/where/';
  const requests: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://host');
    requests.push(pathname);
    const path = join(folder, normalize(pathname.slice(base.length) || 'index.html'));
    const found = pathname.startsWith(base) && (await stat(path).catch(() => undefined))?.isFile();
    response.writeHead(found ? 200 : 404, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
    });
    if (found) createReadStream(path).pipe(response);
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}${base}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
