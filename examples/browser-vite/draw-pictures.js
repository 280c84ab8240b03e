import { randomGenerator } from 'simclr-ts';

const side = 32;

/** How shapes are drawn, around the middle of the picture. */
const shapes = [
  (context, size) => context.arc(0, 0, size, 0, 2 * Math.PI),
  (context, size) => context.rect(-size / 4, -size, size / 2, 2 * size),
  (context, size) => {
    context.moveTo(0, -size);
    context.lineTo(size, size);
    context.lineTo(-size, size);
  },
  (context, size) => {
    for (const x of [-1, 0, 1]) for (const y of [-1, 0, 1]) context.rect(x * size - 2, y * size - 2, 4, 4);
  },
];

/** `count` canvases of 32x32 pixels, each with one of eight things: a shape in its colors, somewhere and of some size. */
export function drawPictures(count) {
  const random = randomGenerator(1);
  const color = () => `rgb(${[0, 1, 2].map(() => Math.floor(random.uniform(0, 256))).join()})`;
  const things = Array.from({ length: 8 }, (_, i) => ({
    draw: shapes[i % shapes.length],
    ink: color(),
    paper: color(),
  }));
  return Array.from({ length: count }, (_, i) => {
    const label = i % things.length;
    const { draw, ink, paper } = things[label];
    const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.fillStyle = paper;
    context.fillRect(0, 0, side, side);
    context.fillStyle = ink;
    context.translate(side / 2 + random.uniform(-5, 5), side / 2 + random.uniform(-5, 5));
    context.beginPath();
    draw(context, random.uniform(6, 13));
    context.fill();
    return { canvas, label };
  });
}
