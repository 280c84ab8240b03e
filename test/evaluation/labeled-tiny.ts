import { randomGenerator } from '../../src/random/index.js';

/** Pictures of 8x8 in `classes` colors, with noise; labels go round. */
export function coloredPictures(count: number, classes: number, seed = 1) {
  const random = randomGenerator(seed);
  const colors = randomGenerator(77);
  const palette = Float32Array.from({ length: 3 * classes }, () => colors.uniform());
  const labels = Uint8Array.from({ length: count }, (_, picture) => picture % classes);
  const data = Float32Array.from({ length: count * 192 }, (_, i) => {
    const color = palette[3 * labels[Math.floor(i / 192)]! + (i % 3)]!;
    return 0.8 * color + 0.2 * random.uniform();
  });
  return { images: { data, shape: [count, 8, 8, 3] as const }, labels };
}
