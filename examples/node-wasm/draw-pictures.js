import { randomGenerator } from 'simclr-ts';

/** How many things there are to be seen, and the side of a picture in pixels. */
export const things = 12;
const side = 32;

const patterns = [
  (x, _y) => Math.sin(x), // upright stripes
  (_x, y) => Math.sin(y), // lying stripes
  (x, y) => Math.sin(x) * Math.sin(y), // checks
  (x, y) => Math.sin(Math.hypot(x, y)), // rings
];

/** `count` pictures of things that have a pattern and two colours each, from another place and in another light each time. */
export function drawPictures(count) {
  const random = randomGenerator(1);
  const color = () => [0, 1, 2].map(() => random.uniform(0, 255));
  const looks = Array.from({ length: things }, (_, i) => ({
    pattern: patterns[i % patterns.length],
    frequency: random.uniform(0.5, 1.2),
    ink: color(),
    paper: color(),
  }));
  const data = new Uint8Array(count * side * side * 3);
  const labels = Int32Array.from({ length: count }, (_, picture) => picture % things);
  let at = 0;
  for (const label of labels) {
    const { pattern, frequency, ink, paper } = looks[label];
    const [left, top, light] = [random.uniform(8, 24), random.uniform(8, 24), random.uniform(0.7, 1)];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const share = 0.5 + 0.5 * pattern((x - left) * frequency, (y - top) * frequency);
        for (let channel = 0; channel < 3; channel++) {
          data[at++] = light * (paper[channel] + share * (ink[channel] - paper[channel]));
        }
      }
    }
  }
  return { images: { data, shape: [count, side, side, 3] }, labels };
}
