import { randomGenerator } from 'simclr-ts';

/** What is on the pictures, by their label. */
export const kinds = ['upright stripes', 'lying stripes', 'checks', 'rings'];

/** `count` pictures of 32x32 pixels in random colours, one kind after the other. */
export function drawPictures(count) {
  const side = 32;
  const random = randomGenerator(1);
  const data = new Uint8Array(count * side * side * 3);
  const labels = Int32Array.from({ length: count }, (_, picture) => picture % kinds.length);
  let at = 0;
  for (const label of labels) {
    const [ink, paper] = [0, 1].map(() => [0, 1, 2].map(() => random.uniform(0, 255)));
    const frequency = random.uniform(0.6, 1.2);
    const [left, top] = [random.uniform(8, 24), random.uniform(8, 24)];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const [across, down] = [Math.sin((x - left) * frequency), Math.sin((y - top) * frequency)];
        const rings = Math.sin(Math.hypot(x - left, y - top) * frequency);
        const shade = 0.5 + 0.5 * [across, down, across * down, rings][label];
        for (let channel = 0; channel < 3; channel++) {
          data[at++] = paper[channel] + shade * (ink[channel] - paper[channel]);
        }
      }
    }
  }
  return { images: { data, shape: [count, side, side, 3] }, labels };
}
