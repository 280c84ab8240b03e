import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';
import type { Context } from '../context.js';

/** When and with what a page was made. */
export function pageFacts({ version }: Context): Record<string, string> {
  return {
    Date: new Date().toISOString().slice(0, 10),
    Versions: `simclr-ts ${version}, TensorFlow.js ${tfjsVersion}, Node ${process.versions.node}`,
  };
}
