import type { BackendName } from '../../shared/trainer-protocol.js';
import type { App } from '../page/app.js';
import { byId, element } from '../page/dom.js';
import { notice } from '../page/notices.js';
import { startWasm, threadCount, useBackend } from './start-trainer.js';

const names: readonly (readonly [BackendName, string])[] = [
  ['wasm', 'the processor (wasm)'],
  ['webgpu', 'the graphics card (WebGPU)'],
  ['webgl', 'the graphics card (WebGL)'],
];

/** Chooses the backend: it is tried first, and the previous one stays if it fails. */
export async function backendPicker(app: App): Promise<void> {
  const select = byId<HTMLSelectElement>('backend');
  const report = byId('backend-report');
  select.append(...names.map(([value, textContent]) => element('option', { value, textContent })));
  let active: BackendName = 'wasm';
  let wasmThreads = 0; // until it has started

  const choose = async (name: BackendName): Promise<void> => {
    select.disabled = true;
    report.textContent = 'Trying a few steps …';
    try {
      const { threads, pairsPerSecond } =
        name === 'wasm' && wasmThreads === 0
          ? await startWasm(app, (text) => notice('warning', text))
          : await useBackend(app, name, wasmThreads || threadCount());
      if (name === 'wasm') wasmThreads = threads;
      active = name;
      const count = threads === 1 ? '1 thread' : `${threads} threads`;
      const by = name === 'wasm' ? ` on ${count}` : '';
      report.textContent = `Trains here${by}: ${pairsPerSecond.toFixed(0)} pairs per second of a tiny network.`;
      if (name === 'wasm' && !crossOriginIsolated) {
        notice(
          'info',
          'One thread only: this browser or host does not let threads share memory. Everything works, but slower.',
        );
      }
    } catch (error) {
      notice('warning', `${name} cannot train here. ${(error as Error).message}`);
      if (name !== active) await choose(active);
      else {
        report.textContent = 'This cannot compute here. Choose another.';
        for (const id of ['train', 'adjust']) byId<HTMLDetailsElement>(id).open = true;
      }
    } finally {
      select.value = active;
      select.disabled = false;
    }
  };
  select.addEventListener('change', () => void choose(select.value as BackendName));
  app.on('training', (mode) => {
    select.disabled = mode !== 'idle';
  });
  await choose('wasm');
}
