import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type AugmentationSettings,
  defaultAugmentation,
  defaultTraining,
  type TrainingSettings,
} from '../shared/settings.js';

/** Reads a number of at least `minimum`. */
export function number(minimum: number, whole = true): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= minimum) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`It must be ${whole ? 'an integer' : 'a number'} >= ${minimum}.`);
    }
    return value;
  };
}

/** Reads comma-separated numbers, and sorts them. */
export function numbers(minimum: number, whole = true): (text: string) => number[] {
  const one = number(minimum, whole);
  return (text) =>
    text
      .split(',')
      .map(one)
      .sort((a, b) => a - b);
}

/** The studio's settings, with changes to the defaults. */
export interface Settings {
  training: TrainingSettings;
  augmentation: AugmentationSettings;
}

function isOf<T extends object>(settings: T, name: string): name is Extract<keyof T, string> {
  return Object.hasOwn(settings, name);
}

/** Applies `name=value` to the settings. */
function set(text: string, { training, augmentation }: Settings): Settings {
  const [name = '', value = ''] = text.split('=');
  const read = number(0, false)(value);
  if (isOf(training, name) && name !== 'startingEncoder')
    return { training: { ...training, [name]: read }, augmentation };
  if (isOf(augmentation, name)) return { training, augmentation: { ...augmentation, [name]: read } };
  const known = [...Object.keys(training), ...Object.keys(augmentation)].join(', ');
  throw new InvalidArgumentError(`It must be NAME=VALUE with one of these names: ${known}.`);
}

/** Adds the flags that all scripts of this folder share. */
export function withSharedOptions(command: Command): Command {
  return command
    .option('--threads <n>', 'threads of the wasm backend (default: the cores)', number(1))
    .option('--classes <list>', 'pictures of these classes of CIFAR-10 alone, 0 to 9', numbers(0))
    .addOption(
      new Option(
        '--set <name=value>',
        'one of the settings that the studio shows, e.g. temperature=0.5; repeatable',
      )
        .argParser(set)
        .default({ training: defaultTraining, augmentation: defaultAugmentation }, "the studio's own"),
    );
}

/** Values of the shared flags. */
export interface SharedOptions {
  threads?: number;
  classes?: number[];
  set: Settings;
}
