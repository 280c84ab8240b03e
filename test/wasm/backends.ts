import '@tensorflow/tfjs-backend-cpu';
import { setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';

/** What `compute` gives on the cpu backend and on wasm; its tensors are disposed of. */
export async function onBoth(compute: () => Tensor | Tensor[]): Promise<[Float32Array[], Float32Array[]]> {
  const on = async (backend: string) => {
    await setBackend(backend);
    const tensors = [tidy(compute)].flat();
    const values = await Promise.all(tensors.map((tensor) => tensor.data()));
    for (const tensor of tensors) tensor.dispose();
    return values as Float32Array[];
  };
  return [await on('cpu'), await on('wasm')];
}
