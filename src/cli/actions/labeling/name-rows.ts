import { fitLabels, type LabelModel } from 'simclr-ts/evaluation';
import { embeddingRows } from '../../../report/galleries/run-galleries.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import type { FolderVectors } from '../vectors/folder-vectors.js';
import type { NamedRow } from './collect-names.js';

/** A picture with its name. */
export interface LabeledFile {
  path: string;
  /** null: none of the names. */
  name: string | null;
  /** Probability of the name; null where a person gave it, and for none. */
  confidence: number | null;
  /** Who says so. */
  source: NamedRow['source'] | 'predicted';
}

/** The names as class numbers. */
export interface NumberedNames {
  /** Names of the classes, sorted. */
  classNames: string[];
  /** Rows with a name, ascending, and their class numbers; -1 for none. */
  rows: number[];
  labels: number[];
}

export function numberNames(named: ReadonlyMap<number, NamedRow>): NumberedNames {
  const given = [...named.values()].map(({ name }) => name).filter((name) => name !== null);
  // By code units: the same order on every machine, whatever its language.
  const classNames = [...new Set(given)].sort();
  const numbers = new Map(classNames.map((name, i) => [name, i]));
  const rows = [...named.keys()].sort((a, b) => a - b);
  const labels = rows.map((row) => {
    const { name } = named.get(row)!;
    return name === null ? -1 : numbers.get(name)!;
  });
  return { classNames, rows, labels };
}

/** The error of a folder without names. */
export function nothingNamed(dir: string): CommandError {
  return new CommandError(
    `No picture in ${dir} has a name. Give some with --names FILE, --from-folders, or --from-keywords; ` +
      '`--next 20` says which pictures to name first.',
    exitCodes.usage,
  );
}

/** Names the rest of a folder. @throws {@link CommandError} when nothing has a name yet. */
export async function nameRows(
  dir: string,
  found: FolderVectors,
  named: ReadonlyMap<number, NamedRow>,
  noneShare: number,
): Promise<{ files: LabeledFile[]; model: LabelModel; classNames: string[] }> {
  const { classNames, rows, labels } = numberNames(named);
  if (classNames.length === 0) throw nothingNamed(dir);
  const model = await fitLabels(
    { embeddings: embeddingRows(found.vectors, rows), labels, classes: classNames.length },
    { noneShare },
  );
  const predicted = await model.predict(found.vectors);
  const files = found.paths.map((path, row): LabeledFile => {
    const own = named.get(row);
    if (own) return { path, name: own.name, confidence: null, source: own.source };
    const label = predicted.labels[row]!;
    if (label < 0) return { path, name: null, confidence: null, source: 'predicted' };
    return { path, name: classNames[label]!, confidence: predicted.confidences[row]!, source: 'predicted' };
  });
  return { files, model, classNames };
}
