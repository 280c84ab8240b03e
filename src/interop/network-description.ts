import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type ResNetStem, torchvisionWeights } from '../models/index.js';
import type { AnyLayer } from '../models/layer-graph.js';
import { axesOf, type Padding } from '../models/layers/padding.js';
import { torchvisionNetwork } from '../models/torchvision-names.js';

/** How to build a network of this library so that given weights fit. */
export interface NetworkDescription {
  /** Name of the function that builds it. */
  architecture: 'resnet18' | 'resnet34' | 'resnet50' | 'mobileNetV2';
  /** Channels of the first stage of a ResNet. */
  width?: number;
  /** Its first layers. */
  stem: 'imagenet' | 'small' | ResNetStem;
}

type Shapes = ReadonlyMap<string, readonly number[]>;

const resNets: Readonly<Record<string, NetworkDescription['architecture']>> = {
  'basic 2,2,2,2': 'resnet18',
  'basic 3,4,6,3': 'resnet34',
  'bottleneck 3,4,6,3': 'resnet50',
};

/** Architecture and width of weights with torchvision's names; `undefined` if this library has no such network. */
export function architectureOf(shapes: Shapes): Omit<NetworkDescription, 'stem'> | undefined {
  if (shapes.has('features.0.0.weight')) return { architecture: 'mobileNetV2' };
  const width = shapes.get('conv1.weight')?.[0];
  const blocks = new Set([...shapes.keys()].map((name) => /^layer\d\.\d+(?=\.)/.exec(name)?.[0]));
  const depths = [1, 2, 3, 4].map(
    (stage) => [...blocks].filter((block) => block?.startsWith(`layer${stage}.`)).length,
  );
  const block = shapes.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic';
  const architecture = resNets[`${block} ${depths}`];
  return architecture === undefined || width === undefined ? undefined : { architecture, width };
}

/** Describes a network of `resnet18`, `resnet34`, `resnet50` or `mobileNetV2`; `undefined` for any other model. */
export function describeNetwork(encoder: LayersModel): NetworkDescription | undefined {
  const found = torchvisionNetwork(encoder);
  if (found === undefined) return undefined;
  const shapes = new Map(torchvisionWeights(encoder).map(({ name, shape }) => [name, shape]));
  const described = architectureOf(shapes);
  if (described === undefined) return undefined;
  const layer = (name: string) => encoder.layers.find((each) => each.name === found.prefix + name);
  if (described.architecture === 'mobileNetV2') {
    return { ...described, stem: layer('features.0.0')!.getConfig().strides === 1 ? 'small' : 'imagenet' };
  }
  return { ...described, stem: stemOf(layer) };
}

function stemOf(layer: (name: string) => AnyLayer | undefined): NetworkDescription['stem'] {
  const { kernelSize, strides, padding } = layer('conv1')!.getConfig() as {
    kernelSize: number;
    strides: number;
    padding: Padding;
  };
  const pool = layer('maxpool') !== undefined;
  const isRectified = layer('bn1')!.getConfig().activation === 'relu';
  const sides = axesOf(padding).flat();
  const usual = kernelSize - 1;
  const isUsual = sides[0]! + sides[1]! === usual && sides[0] === Math.floor(usual / 2);
  if (isUsual && isRectified) {
    if (kernelSize === 7 && strides === 2 && pool) return 'imagenet';
    if (kernelSize === 3 && strides === 1 && !pool) return 'small';
  }
  return {
    kernelSize,
    strides,
    pool,
    ...(!isUsual && { padding: sides[0]! }),
    ...(!isRectified && { activation: 'none' }),
  };
}

/** Whether a network is one of torchvision's and timm's ResNets in all that matters to the numbers. */
export function isStandardResNet(encoder: LayersModel): boolean {
  const { architecture, width, stem } = describeNetwork(encoder) ?? {};
  return (
    width === 64 &&
    stem === 'imagenet' &&
    // Of the bottleneck blocks, the first one of torchvision has a projection too.
    (architecture === 'resnet50' ||
      torchvisionWeights(encoder).every(({ name }) => !name.startsWith('layer1.0.downsample'))) &&
    encoder.layers.every((layer) => Math.abs(((layer.getConfig().epsilon as number) ?? 1e-5) - 1e-5) < 1e-12)
  );
}
