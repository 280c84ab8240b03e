import type { LayersModel } from '@tensorflow/tfjs-layers';
import { Readout } from 'simclr-ts/features';
import { loadStateDict, readSafetensors } from 'simclr-ts/interop';

/** Puts the weights of the page's `encoder.safetensors` into an encoder. @returns the read-out of the file */
export async function loadExported(encoder: LayersModel, file: Uint8Array): Promise<Readout> {
  const { tensors, metadata } = readSafetensors(file);
  loadStateDict(encoder, new Map([...tensors].filter(([name]) => !name.startsWith('readout.'))));
  const [kernel, bias] = ['readout.kernel', 'readout.bias'].map((name) => tensors.get(name)!);
  const state = { json: JSON.parse(metadata.readout!), tensors: { kernel, bias } };
  return Readout.fromState(encoder, state as never);
}
