import { existsSync } from 'node:fs';

const wellKnown = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/**
 * The Chromium or Chrome of this machine: `CHROMIUM` names it, or it is where such programs usually are.
 *
 * @throws Error that says how to get one.
 */
export function findChromium(): string {
  const given = process.env.CHROMIUM;
  const found = (given ? [given] : wellKnown).find((path) => existsSync(path));
  if (found) return found;
  const where = given ? `CHROMIUM=${given}` : wellKnown.join(', ');
  throw new Error(
    `No Chromium was found (${where}). Install one (Debian: apt-get install chromium) or set CHROMIUM to its path.`,
  );
}

/** Graphics in software where there is no graphics processor; WebGPU also on a driver that Chromium does not trust. */
export const graphicsFlags = [
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];
