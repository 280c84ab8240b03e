import { clone, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { type BlendPass, blend, type ColorConvention, identityBlend, isIdentityBlend } from './blend.js';
import { type ColorPlanes, fromPlanes, toPlanes } from './color-planes.js';
import { changeColorsFused, type FusedColorOperations, fusedColorKinds } from './fused-colors.js';
import {
  adjustHueSaturation,
  type HueSaturationPass,
  identityHueSaturation,
  isIdentityHueSaturation,
} from './hue-saturation.js';

/** The four color operations; the numbers are those of `order` in {@link ColorJitterParameters}. */
export const colorOperations = ['brightness', 'contrast', 'saturation', 'hue'] as const;

/** Name of a color operation. */
export type ColorOperation = (typeof colorOperations)[number];

/** Work on a whole batch, different for every picture. */
export type ColorPass = BlendPass | HueSaturationPass;

function runsInHsv(operation: ColorOperation, convention: ColorConvention): boolean {
  return operation === 'hue' || (operation === 'saturation' && convention === 'tf');
}

function changesGray(operation: ColorOperation): boolean {
  return operation === 'brightness' || operation === 'contrast';
}

function writeBlend(pass: BlendPass, picture: number, operation: ColorOperation, factor: number): void {
  pass.scale[picture] = factor;
  if (operation === 'contrast') pass.mean[picture] = 1 - factor;
  if (operation === 'saturation') pass.gray[picture] = 1 - factor;
}

/**
 * Packs the operations of every picture, in its own order, into as few passes over the whole batch as possible:
 * blends, a pass in HSV, blends, ... Every picture's k-th operation between two HSV passes takes the k-th of the
 * blend passes there. The others do not change it, and passes that change no picture are left out.
 */
function packColorPasses(
  operations: readonly ColorOperation[],
  order: ArrayLike<number>,
  amounts: Readonly<Partial<Record<ColorOperation, Float32Array>>>,
  batchSize: number,
  convention: ColorConvention,
): ColorPass[] {
  const hsvCount = operations.filter((operation) => runsInHsv(operation, convention)).length;
  const blendCount = operations.length - hsvCount;
  const blends = Array.from({ length: hsvCount + 1 }, () =>
    Array.from({ length: blendCount }, () => identityBlend(batchSize)),
  );
  const hsvs = Array.from({ length: hsvCount }, () => identityHueSaturation(batchSize));

  for (let picture = 0; picture < batchSize; picture++) {
    let section = 0;
    let slot = 0;
    for (let place = 0; place < operations.length; place++) {
      const operation = operations[order[picture * operations.length + place]!]!;
      const amount = amounts[operation]![picture]!;
      if (runsInHsv(operation, convention)) {
        const pass = hsvs[section]!;
        if (operation === 'hue') pass.hue[picture] = amount;
        else pass.saturation[picture] = amount;
        section++;
        slot = 0;
      } else {
        writeBlend(blends[section]![slot]!, picture, operation, amount);
        slot++;
      }
    }
  }

  const passes: ColorPass[] = [];
  for (let section = 0; section <= hsvCount; section++) {
    passes.push(...blends[section]!.filter((pass) => !isIdentityBlend(pass)));
    const hsv = hsvs[section];
    if (hsv && !isIdentityHueSaturation(hsv)) passes.push(hsv);
  }
  return passes;
}

function kindOf(operation: ColorOperation, convention: ColorConvention): keyof typeof fusedColorKinds {
  if (operation === 'contrast') return convention === 'tf' ? 'channelContrast' : 'contrast';
  if (operation === 'saturation') return convention === 'tf' ? 'hsvSaturation' : 'saturation';
  return operation;
}

/** The operations of every picture in its own order, without those that change nothing. */
function listOperations(
  { operations, order, amounts, convention }: ColorOperations,
  batchSize: number,
  selected: Uint8Array | undefined,
): FusedColorOperations {
  const perPicture = operations.length;
  const kinds = new Int32Array(batchSize * perPicture);
  const listed = new Float32Array(batchSize * perPicture);
  for (let picture = 0; picture < batchSize; picture++) {
    if (selected && !selected[picture]) continue;
    for (let place = 0; place < perPicture; place++) {
      const operation = operations[order[picture * perPicture + place]!]!;
      const amount = amounts[operation]![picture]!;
      const isIdentity = amount === (operation === 'hue' ? 0 : 1);
      kinds[picture * perPicture + place] =
        fusedColorKinds[isIdentity ? 'none' : kindOf(operation, convention)];
      listed[picture * perPicture + place] = amount;
    }
  }
  return { kinds, amounts: listed };
}

/** What to do with the colors of every picture. */
export interface ColorOperations {
  /** The available operations. */
  operations: readonly ColorOperation[];
  /** For every picture, the sequence as positions in `operations`. `[batch * operations.length]`. */
  order: Uint8Array;
  /** By operation, the factor (or turn of the hue) of every picture. */
  amounts: Readonly<Partial<Record<ColorOperation, Float32Array>>>;
  convention: ColorConvention;
}

/**
 * Applies color operations to every picture, in its own order. One-channel gray pictures have no saturation or
 * hue to change, as in torchvision.
 */
export function applyColorOperations(images: Tensor4D, colors: ColorOperations): Tensor4D {
  const fused = changeSelectedColors(images, colors);
  if (fused) return fused;
  const { operations, order, amounts, convention } = colors;
  const [batchSize, , , channels] = images.shape;
  const acting = channels === 1 ? operations.filter(changesGray) : operations;
  const actingOrder = order
    .filter((position) => acting.includes(operations[position]!))
    .map((position) => acting.indexOf(operations[position]!));
  const passes = packColorPasses(acting, actingOrder, amounts, batchSize, convention);
  return tidy(() => {
    if (passes.length === 0) return clone(images);
    let planes = toPlanes(images);
    for (const pass of passes) {
      planes =
        pass.kind === 'blend'
          ? blend(planes, pass, convention)
          : adjustHueSaturation(planes as ColorPlanes, pass);
    }
    return fromPlanes(planes, images.shape);
  });
}

/** {@link applyColorOperations} for the selected pictures alone, where the backend can; else `undefined`. */
export function changeSelectedColors(
  images: Tensor4D,
  colors: ColorOperations,
  selected?: Uint8Array,
): Tensor4D | undefined {
  return changeColorsFused(images, () => listOperations(colors, images.shape[0], selected));
}
