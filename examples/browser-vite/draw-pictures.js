import { randomGenerator } from 'simclr-ts';

const side = 32;

/** How each kind is drawn, around the middle of the picture. */
const shapes = {
  disc: (context, size) => context.arc(0, 0, size, 0, 2 * Math.PI),
  bar: (context, size) => context.rect(-size / 4, -size, size / 2, 2 * size),
  triangle: (context, size) => {
    context.moveTo(0, -size);
    context.lineTo(size, size);
    context.lineTo(-size, size);
  },
  grid: (context, size) => {
    for (const x of [-1, 0, 1]) for (const y of [-1, 0, 1]) context.rect(x * size - 2, y * size - 2, 4, 4);
  },
};

/** `count` canvases of 32x32 pixels with a shape in random colours, and what each shows. */
export function drawPictures(count) {
  const random = randomGenerator(1);
  const color = () => `rgb(${[0, 1, 2].map(() => Math.floor(random.uniform(0, 256))).join()})`;
  const names = Object.keys(shapes);
  return Array.from({ length: count }, (_, i) => {
    const kind = names[i % names.length];
    const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.fillStyle = color();
    context.fillRect(0, 0, side, side);
    context.fillStyle = color();
    context.translate(side / 2 + random.uniform(-3, 3), side / 2 + random.uniform(-3, 3));
    context.beginPath();
    shapes[kind](context, random.uniform(8, 13));
    context.fill();
    return { canvas, kind };
  });
}
