import type { Command } from 'commander';

/** Flags of what the library knows by a path in a recipe or by another name. */
const flagsOfPaths: Readonly<Record<string, string>> = {
  'encoder.name': 'architecture',
  'encoder.inputShape': 'size',
  'encoder.width': 'width',
  'encoder.stem': 'stem',
  'augmentation.options.strength': 'strength',
  'augmentation.options.blur': 'blur',
  'optimizer.learningRate.base': 'learningRate',
  'optimizer.learningRate.schedule.warmupEpochs': 'warmupEpochs',
  'schedule.warmupEpochs': 'warmupEpochs',
  'training.batchSize': 'batchSize',
  'training.epochs': 'epochs',
};

/** The library's names of options by the flags of a command: `batchSize` is `--batch-size`. */
export class FlagNames {
  private readonly flags = new Map<string, string>();

  constructor(command: Pick<Command, 'options'>) {
    for (const option of command.options) {
      if (option.long) this.flags.set(option.attributeName(), option.long);
    }
  }

  /** The flag that sets what the library calls `name`, or the name where none does. */
  of(name: string): string {
    return this.flags.get(flagsOfPaths[name] ?? name) ?? name;
  }

  /**
   * A text of the library with flags in place of its names. A name that is also a word (`size`, `limit`) is one only at
   * the beginning, or with its value behind it.
   */
  within(text: string): string {
    const names = /(?<![\w.\-/"'])[a-z]\w*(?:\.[a-z]\w*)*(?![\w"'/]|\.\w)/gi;
    return text.replace(names, (name, offset: number) => {
      const isName = /[a-z][A-Z.]/.test(name) || offset === 0 || text[offset + name.length] === '=';
      return isName ? this.of(name) : name;
    });
  }
}
