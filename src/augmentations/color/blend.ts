import { add, clipByValue, mean, mul, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { grayPlane, mapPlanes, type Planes } from './color-planes.js';

/**
 * Whose definition of the color operations to use: `'torchvision'` (PyTorch) or `'tf'` (TensorFlow, Google's SimCLR).
 * Contrast and saturation differ, see {@link adjustContrast} and {@link adjustSaturation}.
 */
export type ColorConvention = 'torchvision' | 'tf';

/**
 * One pass over a batch, `clip(scale · x + gray · gray(x) + mean · average(x), 0, 1)` with separate coefficients for
 * each picture. Brightness, contrast, and torchvision's saturation all have this form; (1, 0, 0) changes
 * nothing.
 */
export interface BlendPass {
  readonly kind: 'blend';
  /** Coefficient of the pixel itself. `[batch]`. */
  readonly scale: Float32Array;
  /** Coefficient of the pixel's brightness. `[batch]`. */
  readonly gray: Float32Array;
  /** Coefficient of the picture's average brightness (torchvision) or channel averages (TensorFlow). `[batch]`. */
  readonly mean: Float32Array;
}

/** A pass that changes nothing yet. */
export function identityBlend(batchSize: number): BlendPass {
  return {
    kind: 'blend',
    scale: new Float32Array(batchSize).fill(1),
    gray: new Float32Array(batchSize),
    mean: new Float32Array(batchSize),
  };
}

const isZero = (value: number): boolean => value === 0;

/** Whether a pass changes no picture. */
export function isIdentityBlend({ scale, gray, mean }: BlendPass): boolean {
  return scale.every((value) => value === 1) && gray.every(isZero) && mean.every(isZero);
}

/** Applies a pass. Call it inside `tidy`. */
export function blend(planes: Planes, pass: BlendPass, convention: ColorConvention): Planes {
  const column = (values: Float32Array): Tensor2D => tensor2d(values, [values.length, 1]);
  const scale = column(pass.scale);
  const useGray = !pass.gray.every(isZero);
  const useMean = !pass.mean.every(isZero);
  const meanFactor = useMean ? column(pass.mean) : undefined;

  if (convention === 'tf') {
    return mapPlanes(planes, (plane) => {
      const scaled = mul<Tensor2D>(plane, scale);
      const moved = meanFactor ? add<Tensor2D>(scaled, mul(mean(plane, 1, true), meanFactor)) : scaled;
      return clipByValue(moved, 0, 1);
    });
  }

  let offset: Tensor2D | undefined;
  if (useGray || useMean) {
    const gray = grayPlane(planes);
    if (meanFactor) offset = mul<Tensor2D>(mean(gray, 1, true), meanFactor);
    if (useGray) {
      const share = mul<Tensor2D>(gray, column(pass.gray));
      offset = offset ? add<Tensor2D>(share, offset) : share;
    }
  }
  return mapPlanes(planes, (plane) => {
    const scaled = mul<Tensor2D>(plane, scale);
    return clipByValue(offset ? add<Tensor2D>(scaled, offset) : scaled, 0, 1);
  });
}
