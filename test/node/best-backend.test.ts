import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackendError, InvalidOptionError } from '../../src/errors/index.js';
import {
  type BackendCandidate,
  explainTensorFlowFailure,
  isSoftwareAdapter,
} from '../../src/node/backends/backend-candidates.js';
import { chooseBackend } from '../../src/node/backends/best-backend.js';
import { describeBackendChoice, useBestBackend } from '../../src/node/index.js';

/** The backend that the tests run on works for certain. */
const working = getBackend();

const candidate = (name: string, changes: Partial<BackendCandidate> = {}): BackendCandidate => ({
  name,
  backend: working,
  load: async () => {},
  inspect: () => `${name} it is`,
  ...changes,
});

const missing = candidate('missing', { load: () => Promise.reject(new Error('it is not installed')) });
const unregistered = candidate('unregistered', { backend: 'no such backend' });
const wrong = candidate('wrong', {
  inspect() {
    throw new Error('it has no GPU');
  },
});

let written: ReturnType<typeof vi.spyOn>[];
beforeEach(() => {
  written = (['log', 'info', 'warn', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockReturnValue(),
  );
});
afterEach(async () => {
  for (const spy of written) expect(spy).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  await setBackend(working);
});

describe('chooseBackend', () => {
  it('takes the first that works and says why not the others', async () => {
    const choice = await chooseBackend([missing, unregistered, wrong, candidate('good'), candidate('slow')]);
    expect(choice).toMatchObject({ name: 'good', backend: working });
    expect(choice.reasons).toEqual([
      { name: 'missing', taken: false, reason: 'it is not installed' },
      { name: 'unregistered', taken: false, reason: expect.stringContaining('not found in registry') },
      { name: 'wrong', taken: false, reason: 'it has no GPU' },
      { name: 'good', taken: true, reason: 'good it is' },
      { name: 'slow', taken: false, reason: 'good is faster' },
    ]);
    expect(getBackend()).toBe(working);
  });

  it('takes what is preferred, or throws and restores what was active', async () => {
    const choice = await chooseBackend([candidate('good'), candidate('slow')], 'slow');
    expect(choice.name).toBe('slow');
    expect(choice.reasons[0]).toEqual({ name: 'good', taken: false, reason: 'slow was asked for' });
    const all = [candidate('good'), missing];
    await expect(chooseBackend(all, 'missing')).rejects.toThrow(
      new BackendError(
        'useBestBackend: prefer must name a backend that works here. Received: prefer="missing", but it is not installed.',
      ),
    );
    await expect(chooseBackend(all, 'missing')).rejects.toThrow(BackendError);
    await expect(chooseBackend(all, 'cuda')).rejects.toThrow(InvalidOptionError);
    expect(getBackend()).toBe(working);
  });

  it('throws when nothing works, with all reasons', async () => {
    await expect(chooseBackend([missing, wrong])).rejects.toThrow(
      /none \(missing: it is not installed; wrong: it has no GPU\)/,
    );
  });
});

describe('useBestBackend', () => {
  it('finds one here, in silence', async () => {
    const log = vi.fn();
    const choice = await useBestBackend({ log });
    expect(choice.reasons.map(({ name }) => name)).toEqual([
      'tfjs-node-gpu',
      'webgpu',
      'wasm',
      'tfjs-node',
      'cpu',
    ]);
    expect(choice.reasons.filter(({ taken }) => taken).map(({ name }) => name)).toEqual([choice.name]);
    expect(getBackend()).toBe(choice.backend);
    for (const { reason } of choice.reasons) expect(reason).not.toBe('');
    expect(log).toHaveBeenCalledExactlyOnceWith(describeBackendChoice(choice));
  });

  it('takes cpu when asked', async () => {
    const choice = await useBestBackend({ prefer: 'cpu' });
    expect(choice).toMatchObject({ name: 'cpu', backend: 'cpu' });
    expect(getBackend()).toBe('cpu');
  });

  it('says what is not installed', async () => {
    const { reasons } = await chooseBackend([
      candidate('absent', {
        async load() {
          await (await import('../../src/node/backends/backend-candidates.js')).backendCandidates[0]!.load();
        },
      }),
      candidate('good'),
    ]);
    expect(reasons[0]!.reason).toBe('@tensorflow/tfjs-node-gpu is not installed');
  });
});

describe('describeBackendChoice', () => {
  it('is one sentence that leaves slower ones out', () => {
    const reasons = [
      { name: 'webgpu', taken: false, reason: 'webgpu is not installed' },
      { name: 'wasm', taken: true, reason: 'WebAssembly on the processor' },
      { name: 'cpu', taken: false, reason: 'wasm is faster' },
    ];
    expect(describeBackendChoice({ name: 'wasm', backend: 'wasm', reasons })).toBe(
      'Using wasm (WebAssembly on the processor); not webgpu (webgpu is not installed).',
    );
    expect(describeBackendChoice({ name: 'wasm', backend: 'wasm', reasons: reasons.slice(1) })).toBe(
      'Using wasm (WebAssembly on the processor).',
    );
  });
});

describe('explainTensorFlowFailure', () => {
  const name = '@tensorflow/tfjs-node';
  const explain = (message: string) => explainTensorFlowFailure(name, new Error(message)).message;

  it.each([
    'does not load (The Node.js native addon module (tfjs_binding.node) can not be found at path: /lib. )',
    'does not load (libtensorflow.so.2: cannot open shared object file: No such file or directory)',
    'does not load (dlopen(/lib/tfjs_binding.node, 0x0001): Library not loaded: @rpath/libtensorflow.2.dylib)',
    'does not load (The specified module could not be found.)',
  ])('tells a library that is missing: %s', (message) => {
    expect(explain(message)).toBe(
      '@tensorflow/tfjs-node is installed without its native library: its install step did not run or could not download it; try `npm rebuild @tensorflow/tfjs-node`',
    );
  });

  it('leaves other reasons as they are', () => {
    const other = "does not load (version `GLIBC_2.38' not found (required by /deps/lib/libtensorflow.so.2))";
    expect(explain(other)).toBe(other);
    expect(explain(`${name} is not installed`)).toBe(`${name} is not installed`);
  });
});

describe('isSoftwareAdapter', () => {
  const info = (vendor: string, architecture: string, description = '') => ({
    info: { vendor, architecture, description, device: '' },
  });

  it('tells graphics cards from programs', () => {
    expect(isSoftwareAdapter(info('nvidia', 'hopper', 'NVIDIA H100'))).toBe(false);
    expect(isSoftwareAdapter(info('apple', 'metal-3'))).toBe(false);
    expect(isSoftwareAdapter({})).toBe(false);
    expect(isSoftwareAdapter(info('google', 'swiftshader', 'SwiftShader Device'))).toBe(true);
    expect(isSoftwareAdapter(info('mesa', '', 'llvmpipe (LLVM 15.0.6, 256 bits)'))).toBe(true);
    expect(isSoftwareAdapter({ ...info('microsoft', ''), isFallbackAdapter: true })).toBe(true);
  });
});
