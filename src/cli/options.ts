import { type Command, InvalidArgumentError, Option } from 'commander';

/** Default folder of a model. */
export const defaultModel = 'simclr-model';

/** Reads a decimal number. `Number` would also accept empty text, spaces, hexadecimals and infinities. */
function decimal(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

/** Reads an integer from `minimum` to `maximum`. */
export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
      const bound = maximum === Number.MAX_SAFE_INTEGER ? `>= ${minimum}` : `from ${minimum} to ${maximum}`;
      throw new InvalidArgumentError(`It must be an integer ${bound}.`);
    }
    return value;
  };
}

/** Reads a finite number between exclusive bounds. */
export function numberBetween(low: number, high = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (!(value > low && value < high)) {
      const bound = high === Number.POSITIVE_INFINITY ? '' : ` and below ${high}`;
      throw new InvalidArgumentError(`It must be a number above ${low}${bound}.`);
    }
    return value;
  };
}

/** Reads a finite number between inclusive bounds. */
export function numberFrom(low: number, high = Number.MAX_VALUE): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (!(value >= low && value <= high)) {
      const bound = high === Number.MAX_VALUE ? `>= ${low}` : `from ${low} to ${high}`;
      throw new InvalidArgumentError(`It must be a number ${bound}.`);
    }
    return value;
  };
}

/** Reads a cosine similarity. */
export const similarity = numberFrom(-1, 1);

/** Reads a seed. */
export const seed = integer(0, 2 ** 53 - 2);

/** An option with a closed list of values. */
export function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices);
}

/** Adds the options of every command. */
export function addCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'JSON file with options; flags override it')
    .option('--json', 'print one JSON document to standard output')
    .addOption(new Option('--quiet', 'no notes and no progress').conflicts('verbose'))
    .option('--verbose', 'notes and progress even without a terminal');
}

/** Adds the option that selects a backend. */
export function addBackendOption(command: Command): Command {
  return command.addOption(
    choice('--backend <name>', 'where to compute (default: the fastest that works)', [
      'tfjs-node-gpu',
      'webgpu',
      'wasm',
      'tfjs-node',
      'cpu',
    ]),
  );
}

/** Adds the options of commands that use a trained model. */
export function addModelOptions(command: Command): Command {
  command.option('--model <dir>', 'folder of the trained model', defaultModel);
  return addBackendOption(command);
}

/** Adds the options of commands that use the index of a folder where there is one. */
export function addIndexOptions(command: Command): Command {
  return command
    .option('--index <dir>', 'where the index of DIR is (default: .simclr-ts in DIR, if it is there)')
    .option('--no-index', 'embed all pictures, even if there is an index');
}

/** Adds the option that says which vectors to compute. */
export function addPlaceOption(command: Command, usual: string): Command {
  return command.addOption(
    choice(
      '--at <place>',
      `vectors to use: h, the encoder's output, or those of the read-out (default: ${usual})`,
      ['h', 'readout'],
    ),
  );
}

/** Adds the option for the number of pictures per pass. */
export function addBatchOption(command: Command): Command {
  return command.option('--batch-size <n>', 'pictures per pass through the network', integer(1), 64);
}

/** Adds the options of commands that compare the pictures of a folder. */
export function addFolderOptions(command: Command): Command {
  addModelOptions(command);
  addPlaceOption(command, 'the read-out, if the model has one');
  addIndexOptions(command);
  addBatchOption(command);
  return addCommonOptions(command);
}

/** Adds examples to a command's help: what each does, and what to type. */
export function addExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const lines = examples.flatMap(([line, what]) => [`  # ${what}`, `  $ ${line}`]);
  return command.addHelpText('after', ['', 'Examples:', ...lines].join('\n'));
}
