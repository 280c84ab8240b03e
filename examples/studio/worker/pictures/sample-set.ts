import { type RandomGenerator, randomGenerator } from 'simclr-ts';
import { pictureSize } from '../../shared/pictures.js';
import { withoutAlpha } from './decode.js';
import type { ReadPicture } from './picture-room.js';

type Draw = (context: OffscreenCanvasRenderingContext2D, random: RandomGenerator) => void;

const size = pictureSize;

function color(random: RandomGenerator, lightness: readonly [number, number]): string {
  const hue = random.uniform(0, 360).toFixed(0);
  const saturation = random.uniform(35, 90).toFixed(0);
  return `hsl(${hue} ${saturation}% ${random.uniform(...lightness).toFixed(0)}%)`;
}

/** A closed path around a center, its radius by angle. */
function blob(
  context: OffscreenCanvasRenderingContext2D,
  corners: number,
  radius: (corner: number) => number,
): void {
  context.beginPath();
  for (let corner = 0; corner < corners; corner++) {
    const angle = (corner / corners) * 2 * Math.PI;
    context.lineTo(Math.cos(angle) * radius(corner), Math.sin(angle) * radius(corner));
  }
  context.closePath();
  context.fill();
}

/** Moves to a random place, turn and size. */
function place(context: OffscreenCanvasRenderingContext2D, random: RandomGenerator): void {
  context.translate(size * random.uniform(0.35, 0.65), size * random.uniform(0.35, 0.65));
  context.rotate(random.uniform(0, 2 * Math.PI));
  const scale = random.uniform(0.6, 1.15);
  context.scale(scale, scale);
}

/** Each kind has its own shape or pattern, in any colors, so that color alone does not identify it. */
const kinds: Readonly<Record<string, Draw>> = {
  stars(context, random) {
    place(context, random);
    const points = 5 + random.integer(3);
    blob(context, 2 * points, (corner) => (corner % 2 ? 9 : 25));
  },
  rings(context, random) {
    place(context, random);
    context.lineWidth = random.uniform(4, 8);
    for (const radius of [10, 23]) {
      context.beginPath();
      context.arc(0, 0, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  },
  houses(context, random) {
    context.translate(size * random.uniform(0.25, 0.4), size * random.uniform(0.45, 0.6));
    context.fillRect(0, 0, 26, 22);
    context.beginPath();
    context.moveTo(-4, 0);
    context.lineTo(13, -18);
    context.lineTo(30, 0);
    context.fill();
    context.fillStyle = color(random, [15, 30]);
    context.fillRect(10, 8, 7, 14);
  },
  stripes(context, random) {
    context.translate(size / 2, size / 2);
    context.rotate(random.uniform(0, Math.PI));
    const step = random.uniform(9, 15);
    for (let x = -size; x < size; x += step) context.fillRect(x, -size, step / 2, 2 * size);
  },
  dots(context, random) {
    const step = random.uniform(11, 17);
    for (let y = random.uniform(0, step); y < size + step; y += step) {
      for (let x = random.uniform(0, 3); x < size + step; x += step) {
        context.beginPath();
        context.arc(x, y, step * 0.3, 0, 2 * Math.PI);
        context.fill();
      }
    }
  },
  flowers(context, random) {
    place(context, random);
    const petals = 5 + random.integer(4);
    for (let petal = 0; petal < petals; petal++) {
      context.rotate((2 * Math.PI) / petals);
      context.beginPath();
      context.ellipse(15, 0, 11, 5, 0, 0, 2 * Math.PI);
      context.fill();
    }
    context.fillStyle = color(random, [60, 85]);
    context.beginPath();
    context.arc(0, 0, 7, 0, 2 * Math.PI);
    context.fill();
  },
};

/** A background that fades from one color to another, with a little noise. */
function ground(context: OffscreenCanvasRenderingContext2D, random: RandomGenerator): void {
  const fade = context.createLinearGradient(0, 0, random.uniform(0, size), size);
  fade.addColorStop(0, color(random, [70, 92]));
  fade.addColorStop(1, color(random, [55, 80]));
  context.fillStyle = fade;
  context.fillRect(0, 0, size, size);
}

/** Sample pictures that the page draws: six kinds, whose names are their folders. */
export function samplePictures(count: number, seed: number): ReadPicture[] {
  const context = new OffscreenCanvas(size, size).getContext('2d', { willReadFrequently: true })!;
  const names = Object.keys(kinds);
  return Array.from({ length: count }, (_, index) => {
    const random = randomGenerator(seed).fold(index);
    const group = names[index % names.length]!;
    context.resetTransform();
    ground(context, random);
    context.fillStyle = color(random, [20, 45]);
    context.strokeStyle = context.fillStyle;
    kinds[group]!(context, random);
    const { data } = context.getImageData(0, 0, size, size);
    return { name: `samples/${group}/${seed}-${index}.png`, group, pixels: withoutAlpha(data) };
  });
}
