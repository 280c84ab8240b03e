import type { Command } from 'commander';

/** Flags of options that the library names differently, such as by a path in a recipe. */
const flagsOfPaths: Readonly<Record<string, string>> = {
  'encoder.name': 'architecture',
  'encoder.inputShape': 'size',
  'encoder.width': 'width',
  'encoder.stem': 'stem',
  'augmentation.options.strength': 'strength',
  'augmentation.options.blur': 'blur',
  'augmentation.options.scale': 'cropFrom',
  'augmentation.options.flipProbability': 'flip',
  'optimizer.name': 'optimizer',
  'optimizer.learningRate.base': 'learningRate',
  'optimizer.learningRate.schedule.name': 'schedule',
  'optimizer.learningRate.schedule.warmupEpochs': 'warmupEpochs',
  'schedule.warmupEpochs': 'warmupEpochs',
  'training.batchSize': 'batchSize',
  'training.epochs': 'epochs',
};

/** Translates the library's option names to the flags of a command: `batchSize` is `--batch-size`. */
export class FlagNames {
  private readonly flags = new Map<string, string>();

  constructor(command: Pick<Command, 'options'>) {
    for (const option of command.options) {
      if (option.long) this.flags.set(option.attributeName(), option.long);
    }
  }

  /** The flag for the library's option `name`, or the name itself if there is no flag. */
  of(name: string): string {
    return this.flags.get(flagsOfPaths[name] ?? name) ?? name;
  }

  /**
   * Replaces option names in a text of the library with flags. A name that is also a word (`size`, `limit`) is replaced
   * only at the beginning or before its value.
   */
  within(text: string): string {
    const names = /(?<![\w.\-/"'])[a-z]\w*(?:\.[a-z]\w*)*(?![\w"'/]|\.\w)/gi;
    return text.replace(names, (name, offset: number) => {
      const isName = /[a-z][A-Z.]/.test(name) || offset === 0 || text[offset + name.length] === '=';
      return isName ? this.of(name) : name;
    });
  }
}
