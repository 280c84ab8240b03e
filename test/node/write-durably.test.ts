import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaceFile } from '../../src/node/files/write-durably.js';
import { temporaryFolder } from './temporary.js';

it('replaces a file without what killed processes left of theirs', async () => {
  const folder = temporaryFolder();
  const others = ['notes.html.999999999-0.tmp', 'report.html.tmp', 'report.html.bak'];
  for (const name of [...others, 'report.html.999999999-0.tmp', `report.html.${process.pid}-77.tmp`]) {
    writeFileSync(join(folder, name), 'cut off');
  }
  await replaceFile(join(folder, 'report.html'), 'whole');
  expect(readdirSync(folder).sort()).toEqual([...others, 'report.html'].sort());
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe('whole');
});
