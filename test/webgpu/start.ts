import { existsSync } from 'node:fs';
import { useWebGPU } from 'simclr-ts/webgpu';

const software = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Activates WebGPU, on the adapter in software that Debian's Chromium has where no other was asked for. */
export async function startWebGPU(): Promise<void> {
  if (existsSync(software)) {
    process.env.VK_DRIVER_FILES ??= software;
    process.env.VK_ICD_FILENAMES ??= software;
  }
  await useWebGPU();
}
