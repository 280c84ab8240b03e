import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { packageVersion } from '../../src/distributed/communicators/version.js';

it('ranks compare the version that is published', () => {
  expect(packageVersion).toBe(packageJson.version);
});
