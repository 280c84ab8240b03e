import sharp, { type Sharp } from 'sharp';
import { randomGenerator } from 'simclr-ts';

/** Width and height of scenes. */
const [width, height] = [256, 192];

/**
 * A made photograph: a horizon, and things in front of it, with some noise. Another seed is another scene.
 *
 * @param change - `moved` shifts each thing by a few pixels, as between two shots of a burst; `others` replaces that many
 * things, which makes another scene in the same colors.
 */
export async function scene(seed: number, change: { moved?: number; others?: number } = {}): Promise<Sharp> {
  const { moved = 0, others = 0 } = change;
  const random = randomGenerator(seed);
  const shift = randomGenerator(1000 + seed);
  const color = (from: { integer(limit: number): number }) =>
    `rgb(${from.integer(256)},${from.integer(256)},${from.integer(256)})`;
  const horizon = random.uniform(0.2, 0.8) * height;
  const [sky, ground] = [color(random), color(random)];
  const things: string[] = [];
  const count = 7;
  for (let i = 0; i < count; i++) {
    const draw = i < others ? shift : random;
    const [x, y] = [draw.uniform(0, width), draw.uniform(0, height)];
    const [w, h] = [draw.uniform(15, 90), draw.uniform(15, 90)];
    const fill = color(draw);
    const isRound = draw.bernoulli(0.5);
    if (i < others) for (let k = 0; k < 8; k++) random.uniform();
    const [dx, dy] = [moved * shift.normal(), moved * shift.normal()];
    things.push(
      isRound
        ? `<ellipse cx="${x + dx}" cy="${y + dy}" rx="${w / 2}" ry="${h / 2}" fill="${fill}"/>`
        : `<rect x="${x + dx - w / 2}" y="${y + dy - h / 2}" width="${w}" height="${h}" fill="${fill}"/>`,
    );
  }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<rect width="100%" height="${horizon}" fill="${sky}"/><rect y="${horizon}" width="100%" height="100%" fill="${ground}"/>${things.join('')}</svg>`;
  const { data } = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const noise = randomGenerator(2000 + seed + 31 * moved);
  const pixels = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) pixels[i] = data[i]! + 10 * noise.uniform(-1, 1);
  return sharp(new Uint8Array(pixels.buffer), { raw: { width, height, channels: 3 } });
}

/** What becomes of a picture that stays the same picture, by name. */
export const changesOfScenes: Record<string, (picture: Sharp) => Promise<Buffer>> = {
  'jpeg-90.jpg': (picture) => picture.jpeg({ quality: 90 }).toBuffer(),
  'jpeg-60.jpg': (picture) => picture.jpeg({ quality: 60 }).toBuffer(),
  'jpeg-35.jpg': (picture) => picture.jpeg({ quality: 35 }).toBuffer(),
  'half.png': (picture) =>
    picture
      .resize(width / 2)
      .png()
      .toBuffer(),
  'small.webp': (picture) => picture.resize(100).webp({ quality: 60 }).toBuffer(),
  'cropped.png': (picture) => picture.extract({ left: 7, top: 5, width: 243, height: 182 }).png().toBuffer(),
  'rotated.png': async (picture) => {
    const turned = await picture.rotate(2, { background: '#888' }).png().toBuffer();
    const { width: w, height: h } = await sharp(turned).metadata();
    const [inner, high] = [240, 180];
    const [left, top] = [Math.round((w - inner) / 2), Math.round((h - high) / 2)];
    return sharp(turned).extract({ left, top, width: inner, height: high }).png().toBuffer();
  },
  'brighter.png': (picture) => picture.linear(1.08, 4).png().toBuffer(),
  'warmer.jpg': (picture) => picture.modulate({ saturation: 1.1, hue: 4 }).jpeg({ quality: 92 }).toBuffer(),
};
