import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** The folder of the built page. */
export const builtPage = fileURLToPath(new URL('../../examples/studio/dist', import.meta.url));

const configFile = fileURLToPath(new URL('../../examples/studio/vite.config.ts', import.meta.url));

/** Builds the page into a folder, with a starting encoder if a file is given. */
export async function buildStudio(folder: string, startingEncoder?: string): Promise<void> {
  const variable = 'STUDIO_STARTING_ENCODER';
  const before = process.env[variable];
  const set = (file: string | undefined) => {
    if (file === undefined) delete process.env[variable];
    else process.env[variable] = file;
  };
  set(startingEncoder);
  try {
    await build({ configFile, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  } finally {
    set(before);
  }
}

/** Builds the page once for all test files. */
export default async function setup(): Promise<void> {
  await buildStudio(builtPage);
}
