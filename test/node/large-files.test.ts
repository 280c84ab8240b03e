import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { directory } from '../../src/node/index.js';
import { temporaryFolder } from './temporary.js';

/** One more than readFile takes, and than the hashes of Node take at once. */
const floats = 2 ** 29 + 1;

// It takes 5 GB of memory: more than there may be beside other tests.
it.skipIf(!process.env.SIMCLR_TEST_LARGE)(
  'loads weights of more than 2 GiB (only with SIMCLR_TEST_LARGE=1, since it takes 5 GB of memory)',
  { timeout: 300_000 },
  async () => {
    const folder = temporaryFolder();
    const spec = (shape: number[]) => ({ name: 'w', shape, dtype: 'float32' as const });
    const modelTopology = { class_name: 'Sequential', config: [] };
    const save = (weightData: ArrayBuffer, shape: number[]) =>
      directory(folder).save({ modelTopology, weightSpecs: [spec(shape)], weightData });
    await save(new ArrayBuffer(4 * floats), [floats]);
    const { weightData } = await directory(folder).load();
    expect((weightData as ArrayBuffer).byteLength).toBe(4 * floats);
    // A file without sums, as TensorFlow.js writes it.
    const weightsManifest = [{ paths: ['weights.bin'], weights: [spec([floats])] }];
    writeFileSync(join(folder, 'model.json'), JSON.stringify({ modelTopology, weightsManifest }));
    truncateSync(join(folder, 'weights.bin'), 4 * floats - 4);
    await expect(directory(folder).load()).rejects.toThrow(
      /of 2147483648 bytes where 2147483652 are promised/,
    );
  },
);
