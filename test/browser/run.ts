/**
 * Runs the numeric tests in browsers, lane by lane:
 *
 *     npm run lane -- browser                                  all lanes
 *     npm run lane -- browser chromium-webgl                   one
 *     npm run lane -- browser chromium-webgl test/losses       one, with the tests whose path begins with this
 */
import { browserLanes } from './lanes.js';
import { openBrowser } from './open-browser.js';

const words = process.argv.slice(2);
const paths = words.filter((word) => word.includes('/'));
const names = words.filter((word) => !paths.includes(word));
const unknown = names.find((name) => !browserLanes.some((lane) => lane.name === name));
if (unknown !== undefined) {
  throw new Error(
    `browser: no lane ${unknown}. There are ${browserLanes.map(({ name }) => name).join(', ')}.`,
  );
}

const browser = await openBrowser();
try {
  for (const lane of browserLanes) {
    if (names.length > 0 && !names.includes(lane.name)) continue;
    const began = performance.now();
    if (lane.leftOut) console.log(`${lane.name} leaves out: ${lane.leftOut.because}`);
    const { passed, failed, skipped, version, threads, wasmBuild } = await browser.runLane(lane, {
      ...(paths.length > 0 ? { only: (path: string) => paths.some((start) => path.startsWith(start)) } : {}),
      log: (line) => console.log(`  ${line}`),
    });
    for (const { name, error } of failed) console.log(`FAILED ${name}\n${error}\n`);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(
      `${lane.name}: ${passed.length} passed, ${failed.length} failed, ${skipped.length} left out, ${seconds} s, ${version}` +
        (threads === undefined ? '' : `, ${threads} threads, build '${wasmBuild}'`),
    );
    if (failed.length > 0 || passed.length === 0) process.exitCode = 1;
  }
} finally {
  await browser.close();
}
