import {
  abs,
  add,
  backend,
  clipByValue,
  div,
  floor,
  maximum,
  mul,
  relu,
  step,
  sub,
  type Tensor2D,
  tensor2d,
} from '@tensorflow/tfjs-core';
import type { ColorPlanes } from './color-planes.js';

/** One pass over a batch that turns the hue and scales the saturation in HSV, by separate amounts for each picture. */
export interface HueSaturationPass {
  readonly kind: 'hue-saturation';
  /** Turn of the hue, in full turns. `[batch]`; 0 changes nothing. */
  readonly hue: Float32Array;
  /** Factor of the saturation, which is clipped to 1 afterwards. `[batch]`; 1 changes nothing. */
  readonly saturation: Float32Array;
}

/** A pass that changes nothing yet. */
export function identityHueSaturation(batchSize: number): HueSaturationPass {
  return {
    kind: 'hue-saturation',
    hue: new Float32Array(batchSize),
    saturation: new Float32Array(batchSize).fill(1),
  };
}

/** Whether a pass changes no picture. */
export function isIdentityHueSaturation({ hue, saturation }: HueSaturationPass): boolean {
  return hue.every((turn) => turn === 0) && saturation.every((factor) => factor === 1);
}

/** The larger and the smaller of two planes, computed with relu: wasm vectorizes relu, but not maximum. */
function sortPlanes(a: Tensor2D, b: Tensor2D): [larger: Tensor2D, smaller: Tensor2D] {
  const excess = relu(sub<Tensor2D>(a, b));
  return [add(b, excess), sub(a, excess)];
}

/** A sum, because wasm vectorizes it, but not maximum; the rounding error is negligible. */
const negligible = 1e-7;

/**
 * The chroma, but never 0: on gray pixels the hue is arbitrary and multiplied by a chroma of 0, so that only 0 / 0 is
 * to be avoided. The epsilon of WebGL is 1e-4, also where it has 32-bit floats: as a summand it would turn the hue.
 */
function divisor(chroma: Tensor2D): Tensor2D {
  const epsilon = backend().epsilon();
  return epsilon <= negligible ? add(chroma, epsilon) : maximum(chroma, epsilon);
}

/**
 * Applies a pass. Call it inside `tidy`.
 *
 * HSV without its six cases. With v the largest of r, g, b, m the smallest and c = v - m (the chroma), and the hue
 * in sixths of a turn from red, from -3 to 3:
 *
 * - |hue| = 1 + (g + b - r - m) / c, and its sign is that of g - b, as every sector of the hexagon confirms;
 * - a channel whose own hue (red 0, green 2, blue -2) lies d sixths away is v - c · clip(d - 1, 0, 1).
 *
 * Turning the hue adds to it, scaling the saturation c/v scales c up to v.
 */
export function adjustHueSaturation(planes: ColorPlanes, pass: HueSaturationPass): ColorPlanes {
  const [red, green, blue] = planes;
  const batchSize = pass.hue.length;
  const [largerOfTwo, smallerOfTwo] = sortPlanes(red, green);
  const [value] = sortPlanes(largerOfTwo, blue);
  const [, smallest] = sortPlanes(smallerOfTwo, blue);
  const chroma = sub<Tensor2D>(value, smallest);

  const distance = add<Tensor2D>(
    div(sub<Tensor2D>(add(green, blue), add(red, smallest)), divisor(chroma)),
    1,
  );
  const sign = sub<Tensor2D>(mul<Tensor2D>(step(sub<Tensor2D>(green, blue)), 2), 1);
  const turns = tensor2d(
    pass.hue.map((turn) => 6 * turn),
    [batchSize, 1],
  );
  const turned = add<Tensor2D>(mul<Tensor2D>(distance, sign), turns);
  const hue = sub<Tensor2D>(turned, mul(floor(add<Tensor2D>(mul(turned, 1 / 6), 0.5)), 6));

  let newChroma = chroma;
  const scalesSaturation = pass.saturation.some((factor) => factor !== 1);
  if (scalesSaturation) {
    const scaled = mul<Tensor2D>(chroma, tensor2d(pass.saturation, [batchSize, 1]));
    newChroma = sub(scaled, relu(sub<Tensor2D>(scaled, value)));
  }

  const channel = (center: number): Tensor2D => {
    // Around the circle: d = 3 - | |hue - center| - 3 |.
    const detour = center === 0 ? abs(hue) : abs(sub<Tensor2D>(hue, center));
    const away = sub<Tensor2D>(2, abs(sub<Tensor2D>(detour, 3)));
    return sub(value, mul<Tensor2D>(newChroma, clipByValue(away, 0, 1)));
  };
  const result = [channel(0), channel(2), channel(-2)] as const;
  if (!scalesSaturation) return result;
  return [clipByValue(result[0], 0, 1), clipByValue(result[1], 0, 1), clipByValue(result[2], 0, 1)];
}
