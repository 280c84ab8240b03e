import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice, checkInteger } from '../errors/checks.js';
import { PaddedMaxPooling2D } from './layers/padded-max-pooling2d.js';
import { type NetworkOptions, Parts, resolveNetwork } from './network-parts.js';

/** The first convolution of a ResNet, and whether a 3x3 maximum pool with stride 2 follows. */
export interface ResNetStem {
  /** Height and width of the kernel, in pixels. */
  kernelSize: number;
  /** Step of the kernel, in pixels. */
  strides: number;
  /** Whether the pool follows. */
  pool: boolean;
  /**
   * Zeros on each side of the picture, in pixels; solo-learn has 2 for CIFAR.
   * @defaultValue `kernelSize - 1` in all, half of them on each side
   */
  padding?: number;
  /**
   * Activation after the stem's batch normalization. `'none'` matches lightly's examples with `ResNetGenerator`: an
   * `nn.Sequential` of its children, which leaves out the ReLU that the network itself calls.
   * @defaultValue `'relu'`
   */
  activation?: 'relu' | 'none';
}

/** Options of {@link resnet18}, {@link resnet34} and {@link resnet50}. */
export interface ResNetOptions extends NetworkOptions {
  /**
   * The first layers.
   *
   * - `'imagenet'`: 7x7 with stride 2, then the pool (He et al. 2015, Table 1).
   * - `'small'`: 3x3 with stride 1 and no pool, for pictures of about 32x32 (SimCLR, appendix B.9).
   * - a {@link ResNetStem}: anything else, such as `{ kernelSize: 7, strides: 2, pool: false }`.
   * @defaultValue `'imagenet'`
   */
  stem?: 'imagenet' | 'small' | ResNetStem;
  /**
   * Channels of the first stage; the others have 2, 4 and 8 times as many.
   * @defaultValue `64`
   */
  width?: number;
  /**
   * Whether the last batch normalization of every block starts with gamma 0, so that the block starts as the identity.
   * @defaultValue `false`, as in torchvision; the official SimCLR code does it
   */
  zeroInitResidual?: boolean;
  /**
   * Which blocks get a 1x1 convolution on their shortcut: `'whenNeeded'` where the shape changes (torchvision), or
   * `'always'` at the start of each stage (the official SimCLR code: 4,224 parameters more in a ResNet-18).
   * @defaultValue `'whenNeeded'`
   */
  projectionShortcut?: 'whenNeeded' | 'always';
}

interface Architecture {
  name: string;
  block: 'basic' | 'bottleneck';
  /** Blocks of each stage. */
  depths: readonly [number, number, number, number];
}

const stems = {
  imagenet: { kernelSize: 7, strides: 2, pool: true },
  small: { kernelSize: 3, strides: 1, pool: false },
} satisfies Record<string, ResNetStem>;

/**
 * ResNet-18 without its classifier: pictures to representations h.
 *
 * 11,176,512 trained parameters with the 'imagenet' stem and 11,168,832 with the 'small' one (and 9,600 running
 * statistics). With torchvision's weights, it computes the same values as torchvision's network.
 *
 * @param options - See {@link ResNetOptions}.
 * @returns Model from `[batch, height, width, channels]`, float32 in [0, 1], to `[batch, 8 * width]`, >= 0 (512 at the
 * default width). Dispose of it with `model.dispose()`.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const encoder = resnet18({ inputShape: [32, 32, 3], stem: 'small', seed: 1 });
 * @see He et al. 2015, arXiv:1512.03385; torchvision's `resnet18`.
 */
export function resnet18(options: ResNetOptions = {}): LayersModel {
  return buildResNet({ name: 'resnet18', block: 'basic', depths: [2, 2, 2, 2] }, options);
}

/**
 * ResNet-34 without its classifier: pictures to representations h; 21,284,672 trained parameters with the 'imagenet'
 * stem.
 *
 * @param options - See {@link ResNetOptions}.
 * @returns Model from `[batch, height, width, channels]`, float32 in [0, 1], to `[batch, 8 * width]`, >= 0.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const encoder = resnet34();
 * @see He et al. 2015, arXiv:1512.03385; torchvision's `resnet34`.
 */
export function resnet34(options: ResNetOptions = {}): LayersModel {
  return buildResNet({ name: 'resnet34', block: 'basic', depths: [3, 4, 6, 3] }, options);
}

/**
 * ResNet-50 without its classifier: pictures to representations h; 23,508,032 trained parameters with the 'imagenet'
 * stem. The 3x3 convolution of a block has its stride, as in torchvision ("ResNet v1.5").
 *
 * @param options - See {@link ResNetOptions}.
 * @returns Model from `[batch, height, width, channels]`, float32 in [0, 1], to `[batch, 32 * width]`, >= 0 (2,048 at
 * the default width).
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const encoder = resnet50({ inputShape: [224, 224, 3] });
 * @see He et al. 2015, arXiv:1512.03385; torchvision's `resnet50`.
 */
export function resnet50(options: ResNetOptions = {}): LayersModel {
  return buildResNet({ name: 'resnet50', block: 'bottleneck', depths: [3, 4, 6, 3] }, options);
}

function buildResNet(architecture: Architecture, options: ResNetOptions): LayersModel {
  const caller = architecture.name;
  const own = { stem: 1, width: 1, zeroInitResidual: 1, projectionShortcut: 1 } as const;
  const settings = resolveNetwork(caller, options, own);
  const { width = 64, zeroInitResidual = false, projectionShortcut = 'whenNeeded' } = options;
  checkInteger(caller, 'width', width);
  checkChoice(caller, 'projectionShortcut', projectionShortcut, ['whenNeeded', 'always']);
  const stem = resolveStem(caller, options.stem ?? 'imagenet');

  const parts = new Parts(settings);
  const pictures = input({ shape: [...settings.inputShape], name: parts.named('input') });
  let x = parts.convolution(pictures, 'conv1', width, stem.kernelSize, stem.strides, stem.padding);
  x = parts.normalization(x, 'bn1', stem.activation === 'none' ? {} : { activation: 'relu' });
  if (stem.pool) {
    const pool = { kernelSize: 3, strides: 2, padding: 1, name: parts.named('maxpool') };
    x = new PaddedMaxPooling2D(pool).apply(x) as SymbolicTensor;
  }
  const lastGamma = zeroInitResidual ? 'zeros' : 'ones';
  const build = architecture.block === 'basic' ? basicBlock : bottleneckBlock;
  for (const [stage, depth] of architecture.depths.entries()) {
    for (let block = 0; block < depth; block++) {
      x = build(parts, x, `layer${stage + 1}.${block}`, {
        planes: width * 2 ** stage,
        strides: stage > 0 && block === 0 ? 2 : 1,
        project: projectionShortcut === 'always' && block === 0,
        gammaInitializer: lastGamma,
      });
    }
  }
  const h = layers.globalAveragePooling2d({ name: parts.named('avgpool') }).apply(x) as SymbolicTensor;
  return model({ inputs: pictures, outputs: h, name: options.name ?? architecture.name });
}

function resolveStem(caller: string, stem: 'imagenet' | 'small' | ResNetStem): ResNetStem {
  if (typeof stem === 'string') {
    checkChoice(caller, 'stem', stem, ['imagenet', 'small']);
    return stems[stem];
  }
  checkKeys(caller, stem, { kernelSize: 1, strides: 1, pool: 1, padding: 1, activation: 1 }, 'stem');
  checkInteger(caller, 'stem.kernelSize', stem.kernelSize);
  checkInteger(caller, 'stem.strides', stem.strides);
  if (stem.padding !== undefined) checkInteger(caller, 'stem.padding', stem.padding, 0);
  if (stem.activation !== undefined)
    checkChoice(caller, 'stem.activation', stem.activation, ['relu', 'none']);
  return stem;
}

interface BlockOptions {
  planes: number;
  strides: number;
  project: boolean;
  gammaInitializer: 'ones' | 'zeros';
}

function shortcutOf(
  parts: Parts,
  x: SymbolicTensor,
  name: string,
  channels: number,
  { strides, project }: BlockOptions,
): SymbolicTensor {
  if (!project && strides === 1 && x.shape[3] === channels) return x;
  const projected = parts.convolution(x, `${name}.downsample.0`, channels, 1, strides);
  return parts.normalization(projected, `${name}.downsample.1`);
}

function basicBlock(parts: Parts, x: SymbolicTensor, name: string, block: BlockOptions): SymbolicTensor {
  const { planes, strides, gammaInitializer } = block;
  let y = parts.convolution(x, `${name}.conv1`, planes, 3, strides);
  y = parts.normalization(y, `${name}.bn1`, { activation: 'relu' });
  y = parts.convolution(y, `${name}.conv2`, planes, 3);
  const shortcut = shortcutOf(parts, x, name, planes, block);
  return parts.normalization([y, shortcut], `${name}.bn2`, { activation: 'relu', gammaInitializer });
}

function bottleneckBlock(parts: Parts, x: SymbolicTensor, name: string, block: BlockOptions): SymbolicTensor {
  const { planes, strides, gammaInitializer } = block;
  let y = parts.convolution(x, `${name}.conv1`, planes, 1);
  y = parts.normalization(y, `${name}.bn1`, { activation: 'relu' });
  y = parts.convolution(y, `${name}.conv2`, planes, 3, strides);
  y = parts.normalization(y, `${name}.bn2`, { activation: 'relu' });
  y = parts.convolution(y, `${name}.conv3`, planes * 4, 1);
  const shortcut = shortcutOf(parts, x, name, planes * 4, block);
  return parts.normalization([y, shortcut], `${name}.bn3`, { activation: 'relu', gammaInitializer });
}
