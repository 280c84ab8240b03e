import { readFile } from 'node:fs/promises';
import type { Command, Option } from 'commander';
import { nearestName } from '../errors/check-keys.js';
import { CommandError, exitCodes } from './exit-codes.js';

/** Options that cannot be in a file. */
const flagsOnly = new Set(['config', 'help']);

type Values = Record<string, unknown>;

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readConfig(path: string): Promise<Values> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new CommandError(
      `--config must be a file that can be read. Received: ${JSON.stringify(path)} (${(error as Error).message}).`,
      exitCodes.usage,
      { cause: error },
    );
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${path} must be JSON. ${(error as Error).message}.`, exitCodes.usage);
  }
  if (!isObject(config)) throw new CommandError(`${path} must hold a JSON object.`, exitCodes.usage);
  return config;
}

function optionsOf(command: Command): Map<string, Option> {
  const options = command.options.filter((option) => !flagsOnly.has(option.attributeName()));
  return new Map(options.map((option) => [option.attributeName(), option]));
}

function parseValue(option: Option, value: unknown, place: string): unknown {
  const refuse = (expectation: string) =>
    new CommandError(`${place} must be ${expectation}. Received: ${JSON.stringify(value)}.`, exitCodes.usage);
  if (option.isBoolean() || option.negate) {
    if (typeof value !== 'boolean') throw refuse('true or false');
    return value;
  }
  if (typeof value !== 'string' && typeof value !== 'number') throw refuse('a text or a number');
  try {
    return option.parseArg ? option.parseArg(String(value), undefined) : String(value);
  } catch (error) {
    throw new CommandError(
      `${place}: ${(error as Error).message} Received: ${JSON.stringify(value)}.`,
      exitCodes.usage,
    );
  }
}

/**
 * Applies the options of a configuration file; flags override them. The top level holds options of any command, and a
 * command's name holds options of that command only.
 *
 * @throws {@link CommandError} when it cannot be read, or has an unknown name; the error suggests the nearest one.
 */
export async function applyConfig(command: Command, path: string): Promise<void> {
  const config = await readConfig(path);
  const commands = command.parent?.commands ?? [command];
  const own = optionsOf(command);
  const all = new Set(commands.flatMap((each) => [...optionsOf(each).keys()]));
  const sections = new Set(commands.map((each) => each.name()));

  const apply = (values: Values, known: ReadonlySet<string>, section: string) => {
    for (const [name, value] of Object.entries(values)) {
      if (section === '' && sections.has(name)) continue;
      const place = `${path}: ${section}${name}`;
      if (!known.has(name)) {
        const nearest = nearestName(name, [...known]);
        const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
        const list = [...known].sort().join(', ');
        throw new CommandError(`${place} is not an option.${hint} There are: ${list}.`, exitCodes.usage);
      }
      const option = own.get(name);
      if (!option || command.getOptionValueSource(name) === 'cli') continue;
      command.setOptionValueWithSource(name, parseValue(option, value, place), 'config');
    }
  };
  apply(config, all, '');
  const section = config[command.name()];
  if (section === undefined) return;
  if (!isObject(section)) {
    throw new CommandError(`${path}: ${command.name()} must be a JSON object.`, exitCodes.usage);
  }
  apply(section, new Set(own.keys()), `${command.name()}.`);
}
