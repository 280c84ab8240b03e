import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** The folder of the built page. */
export const builtPage = fileURLToPath(new URL('../../examples/studio/dist', import.meta.url));

/** Builds the page once for all test files. */
export default async function setup(): Promise<void> {
  const configFile = fileURLToPath(new URL('../../examples/studio/vite.config.ts', import.meta.url));
  await build({ configFile, logLevel: 'error' });
}
