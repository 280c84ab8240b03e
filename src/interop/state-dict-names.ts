import { CheckpointError } from '../errors/errors.js';
import type { TorchvisionNetwork } from '../models/torchvision-names.js';
import { quoted } from './safetensors/safetensors-header.js';

/**
 * The naming of a model's weights in a PyTorch package.
 *
 * - `'torchvision'`: `torchvision.models.resnet18()` and others: 'conv1.weight', 'layer1.0.bn1.bias'. It is the only format
 *   for a MobileNet: 'features.0.0.weight'.
 * - `'timm'`: the same names, for timm's `resnet18`, `resnet34` and `resnet50`.
 * - `'lightly'`: lightly's models with a torchvision network as in its examples, in an `nn.Sequential` without the
 *   classifier: 'backbone.0.weight', 'backbone.4.0.bn1.bias'; the head is 'projection_head.layers.0.weight'.
 * - `'lightly-resnet'`: the same with lightly's `ResNetGenerator`, which names shortcuts differently:
 *   'backbone.3.0.shortcut.0.weight'. In an `nn.Sequential` its stem is 3x3, with neither pool nor ReLU:
 *   `{ kernelSize: 3, strides: 1, pool: false, activation: 'none' }`.
 * - `'solo-learn'`: the state dict in solo-learn's checkpoints: 'backbone.conv1.weight' ('encoder.conv1.weight' up to
 *   version 1.0.2: give that prefix); the head is 'projector.0.weight'.
 */
export type StateDictFormat = 'torchvision' | 'timm' | 'lightly' | 'lightly-resnet' | 'solo-learn';

/** How the modules of a ResNet are named: by attribute, or by position among the children of the network. */
export type ModuleNames = 'attributes' | 'torchvisionChildren' | 'lightlyChildren';

/** The naming of one format. */
export interface FormatNames {
  encoderPrefix: string;
  headPrefix: string;
  modules: ModuleNames;
  shortcut: 'downsample' | 'shortcut';
}

const attributes = { modules: 'attributes', shortcut: 'downsample' } as const;
const lightlyHead = 'projection_head.layers.';

/** The naming of each format. */
export const formats: Record<StateDictFormat, FormatNames> = {
  torchvision: { encoderPrefix: '', headPrefix: '', ...attributes },
  timm: { encoderPrefix: '', headPrefix: '', ...attributes },
  lightly: {
    encoderPrefix: 'backbone.',
    headPrefix: lightlyHead,
    modules: 'torchvisionChildren',
    shortcut: 'downsample',
  },
  'lightly-resnet': {
    encoderPrefix: 'backbone.',
    headPrefix: lightlyHead,
    modules: 'lightlyChildren',
    shortcut: 'shortcut',
  },
  'solo-learn': { encoderPrefix: 'backbone.', headPrefix: 'projector.', ...attributes },
};

/** The formats. */
export const formatNames = Object.keys(formats) as StateDictFormat[];

// The children in between (ReLU, max pooling) have no weights.
const children: Record<Exclude<ModuleNames, 'attributes'>, ReadonlyMap<string, string>> = {
  torchvisionChildren: new Map([
    ['0', 'conv1'],
    ['1', 'bn1'],
    ['4', 'layer1'],
    ['5', 'layer2'],
    ['6', 'layer3'],
    ['7', 'layer4'],
  ]),
  lightlyChildren: new Map([
    ['0', 'conv1'],
    ['1', 'bn1'],
    ['2', 'layer1'],
    ['3', 'layer2'],
    ['4', 'layer3'],
    ['5', 'layer4'],
  ]),
};

/** Names of the modules with the weights of a network, and its first and another weight, which tell it from others. */
const networks: Record<TorchvisionNetwork, { modules: RegExp; signs: [stem: string, block: string] }> = {
  ResNet: { modules: /^(conv1|bn1|layer\d+)$/, signs: ['conv1.weight', 'layer1.0.conv1.weight'] },
  MobileNetV2: { modules: /^features$/, signs: ['features.0.0.weight', 'features.1.conv.0.0.weight'] },
};

/** Where a network is in a state dict, and how its modules are named. */
export interface EncoderPlace {
  network: TorchvisionNetwork;
  prefix: string;
  modules: ModuleNames;
}

/** The torchvision name of a weight; undefined if `name` does not belong to this network. */
export function toTorchvisionName(
  name: string,
  { network, prefix, modules }: EncoderPlace,
): string | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const [module, ...rest] = name.slice(prefix.length).split('.') as [string, ...string[]];
  const attribute = modules === 'attributes' ? module : children[modules].get(module);
  if (attribute === undefined || !networks[network].modules.test(attribute)) return undefined;
  return [attribute, ...rest.map((part) => (part === 'shortcut' ? 'downsample' : part))].join('.');
}

/** The name in a state dict of the weight with the torchvision name `name`. */
export function fromTorchvisionName(
  name: string,
  { prefix, modules, shortcut }: Omit<EncoderPlace, 'network'> & Pick<FormatNames, 'shortcut'>,
): string {
  const [attribute, ...rest] = name.split('.') as [string, ...string[]];
  const module =
    modules === 'attributes'
      ? attribute
      : [...children[modules]].find(([, candidate]) => candidate === attribute)![0];
  return prefix + [module, ...rest.map((part) => (part === 'downsample' ? shortcut : part))].join('.');
}

/** Every place whose names match those of a network. */
export function findEncoders(network: TorchvisionNetwork, names: ReadonlySet<string>): EncoderPlace[] {
  const signs: Partial<Record<ModuleNames, [stem: string, block: string]>> = {
    attributes: networks[network].signs,
    ...(network === 'ResNet' && {
      torchvisionChildren: ['0.weight', '7.0.conv1.weight'],
      lightlyChildren: ['0.weight', '2.0.conv1.weight'],
    }),
  };
  return (Object.keys(signs) as ModuleNames[]).flatMap((modules) => {
    const [stem, block] = signs[modules]!;
    return prefixesBefore(stem, names)
      .filter((prefix) => names.has(prefix + block))
      .map((prefix) => ({ network, prefix, modules }));
  });
}

/** The prefixes of the names that end in `ending`: empty, or paths. */
export function prefixesBefore(ending: string, names: Iterable<string>): string[] {
  return [...names]
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, name.length - ending.length))
    .filter((prefix) => prefix === '' || prefix.endsWith('.'));
}

/**
 * Picks the only place that was found, or the one with the requested prefix.
 *
 * @throws `CheckpointError` when there is none, or more than one.
 */
export function onlyPlace<T extends { prefix: string }>(
  what: string,
  found: readonly T[],
  names: ReadonlySet<string>,
  prefix: string | undefined,
): T {
  const matching = prefix === undefined ? found : found.filter((place) => place.prefix === prefix);
  if (matching.length === 1) return matching[0]!;
  const list = (items: string[]) =>
    items.slice(0, 8).map(quoted).join(', ') + (items.length > 8 ? ', ...' : '');
  if (matching.length > 1) {
    const prefixes = list(matching.map((place) => place.prefix));
    throw new CheckpointError(
      `loadStateDict: tensors hold several networks that could be the ${what}; choose one with the option prefix. Received: prefixes ${prefixes}.`,
    );
  }
  const under = prefix === undefined ? '' : ` under prefix ${quoted(prefix)}`;
  throw new CheckpointError(
    `loadStateDict: tensors must hold the weights of a ${what}${under}. Received: ${names.size} tensors${names.size > 0 ? `, named ${list([...names])}` : ''}.`,
  );
}
