import { backend, getBackend } from '@tensorflow/tfjs-core';
import { BackendLostError } from '../errors/errors.js';
import { isError } from '../errors/is-error.js';
import { yieldToEventLoop } from './yield-to-event-loop.js';

/** What graphics backends show of the machine that they compute on: WebGPU's device, WebGL's context. */
interface GraphicsBackend {
  device?: { lost?: Promise<{ reason?: string; message?: string }> };
  gpgpu?: { gl?: { canvas: EventTarget; isContextLost(): boolean } };
}

/** The device or context of a backend, which may be lost. */
interface Device {
  /** Why it was lost; `undefined` while it is there. */
  reason(): string | undefined;
  /** Called once it is lost. */
  readonly waiting: Set<() => void>;
}

const devices = new WeakMap<object, Device>();

/** The device of the active backend; none where it computes on the processor. */
function activeDevice(): Device | undefined {
  const active = backend() as object;
  const known = devices.get(active);
  if (known) return known;
  const { device, gpgpu } = active as GraphicsBackend;
  const waiting = new Set<() => void>();
  let reason: string | undefined;
  const lose = (why: string) => {
    reason ??= why;
    for (const tell of waiting) tell();
  };
  const context = gpgpu?.gl;
  if (device?.lost) {
    device.lost.then(
      (info) => lose([info?.reason, info?.message].filter(Boolean).join(': ')),
      () => {},
    );
  } else if (context) {
    context.canvas.addEventListener('webglcontextlost', () => lose(contextLost));
  } else {
    return undefined;
  }
  const found = { waiting, reason: () => reason ?? (context?.isContextLost() ? contextLost : undefined) };
  devices.set(active, found);
  return found;
}

const contextLost = 'webglcontextlost';

/**
 * What `work` gives, unless the graphics device of the active backend is lost before or meanwhile: then what it gives may
 * be wrong, and what it reads may never come. On a backend that computes on the processor it is what `work` gives.
 *
 * @param caller - Begins the message.
 * @param step - Where training stands.
 * @throws {@link BackendLostError} as soon as the device is lost.
 */
export function unlessLost<T>(caller: string, step: number, work: () => Promise<T>): Promise<T> {
  const device = activeDevice();
  if (!device) return work();
  const name = getBackend();
  const error = () =>
    new BackendLostError(
      `${caller}: the graphics device of the backend '${name}' must be there. Received: it was lost at step ${step} (${device.reason()}), ` +
        'with the weights and all other tensors on it. Start the backend again, load the last checkpoint and continue with fit(..., { epochs, resume: true }).',
    );
  return watched(device, error, work);
}

async function watched<T>(device: Device, error: () => BackendLostError, work: () => Promise<T>): Promise<T> {
  if (device.reason() !== undefined) throw error();
  let tell = () => {};
  // A promise of this call: one that lives as long as the device would keep what waited for it.
  const lost = new Promise<never>((_, reject) => {
    tell = () => reject(error());
  });
  device.waiting.add(tell);
  try {
    const result = await Promise.race([work(), lost]);
    if (device.reason() !== undefined) throw error();
    return result;
  } catch (cause) {
    if (isError(cause, 'BackendLostError')) throw cause;
    await yieldToEventLoop(); // what fails may hear of the loss before we do
    throw device.reason() === undefined ? cause : error();
  } finally {
    device.waiting.delete(tell);
  }
}
