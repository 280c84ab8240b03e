import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkLabelValues } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../errors/errors.js';
import { type Embeddings, type Matrix, readEmbeddings } from '../embeddings.js';
import type { Labels } from '../labels/labels.js';
import { gatherUnits, type UnitRows, unitRows } from '../linear-algebra/unit-rows.js';
import { facilityLocation } from '../selection/facility-location.js';
import { GroupTurns } from '../selection/group-turns.js';
import { fitLabels } from './fit-labels.js';

/** Rows that have a name. */
export interface NamedRows {
  /** Their numbers, each once. */
  rows: ArrayLike<number>;
  /** The class of each, from 0; -1 for none of the classes. */
  labels: Labels;
}

/** Options of {@link proposeToLabel}. */
export interface ProposeToLabelOptions {
  /** How many rows, from 1 to the number of rows without a name. */
  count: number;
}

function checkNamedRows(caller: string, { rows, labels }: NamedRows, matrix: Matrix): Set<number> {
  checkLabelValues(caller, 'named.rows', rows, 0, matrix.rows - 1);
  checkLabelValues(caller, 'named.labels', labels, -1);
  if (rows.length !== labels.length) {
    throw new ShapeError(
      `${caller}: named must hold one label per row. Received: ${labels.length} labels for ${rows.length} rows.`,
    );
  }
  const numbers = new Set(Array.from(rows));
  if (numbers.size < rows.length) {
    throw new ValueRangeError(
      `${caller}: named.rows must hold each row once. Received: ${rows.length} rows, ${numbers.size} of them different.`,
    );
  }
  return numbers;
}

/** For each row, 1 less the lead of its most probable class over the second. */
async function uncertainties(units: UnitRows, named: NamedRows, open: UnitRows): Promise<Float64Array> {
  const known = gatherUnits(units, named.rows);
  const embeddings = { data: known.data, shape: [known.rows, known.dim] as const };
  const model = await fitLabels({ embeddings, labels: named.labels }, { noneShare: 0 });
  const { probabilities } = await model.predict({ data: open.data, shape: [open.rows, open.dim] });
  const { classes } = model;
  return Float64Array.from({ length: open.rows }, (_, row) => {
    const own = probabilities.data.subarray(row * classes, (row + 1) * classes);
    const none = 1 - own.reduce((sum, value) => sum + value, 0);
    let [first, second] = [0, 0];
    for (const value of [...own, none]) {
      if (value > first) [first, second] = [value, first];
      else if (value > second) second = value;
    }
    return 1 - (first - second);
  });
}

/**
 * Which rows a person should name next: those that stand for many rows that are uncertain and unlike the named ones. Name
 * some, then ask again.
 *
 * Without names these are the rows of `selectDiverse` by facility location. With names, each row counts by its uncertainty
 * (1 less the lead of its most probable class over the second), and what is similar to a named row is covered already.
 *
 * @param embeddings - All rows, `[n, d]`.
 * @param named - Those that have a name.
 * @param options - See {@link ProposeToLabelOptions}.
 * @returns Numbers of rows without a name, most useful first.
 * @throws {@link ShapeError} unless embeddings are a float32 matrix, and `named` has a label per row.
 * @throws {@link ValueRangeError} when a value is not finite, or a row or a label is outside its range.
 * @throws {@link InvalidOptionError} when `count` is not an integer from 1 to the number of rows without a name.
 * @example
 * const embeddings = { data: Float32Array.of(1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9), shape: [4, 2] } as const;
 * await proposeToLabel(embeddings, { rows: [0], labels: [0] }, { count: 1 }); // Int32Array [2]: like 3, unlike 0
 * @see Settles 2009, "Active learning literature survey", sections 3.1 (margins) and 3.6 (weighted by density); Wei, Iyer
 *   and Bilmes 2015, "Submodularity in data subset selection and active learning" (facility location).
 */
export async function proposeToLabel(
  embeddings: Embeddings,
  named: NamedRows,
  options: ProposeToLabelOptions,
): Promise<Int32Array> {
  const caller = 'proposeToLabel';
  checkKeys(caller, options, { count: 1 });
  checkKeys(caller, named, { rows: 1, labels: 1 }, 'named');
  const { count } = options;
  checkInteger(caller, 'count', count);
  const matrix = await readEmbeddings(caller, 'embeddings', embeddings);
  const isNamed = checkNamedRows(caller, named, matrix);
  const openRows = Array.from({ length: matrix.rows }, (_, row) => row).filter((row) => !isNamed.has(row));
  if (count > openRows.length) {
    throw new InvalidOptionError(
      `${caller}: count must be at most the number of rows without a name. Received: count=${count}, rows without a name=${openRows.length}.`,
    );
  }
  const units = unitRows(matrix);
  const open = gatherUnits(units, openRows);
  const hasClasses = new Set(Array.from(named.labels)).size > 1;
  const chosen = await facilityLocation(
    {
      candidates: open,
      count,
      turns: new GroupTurns(open.rows),
      before: named.rows.length > 0 ? gatherUnits(units, named.rows) : undefined,
    },
    hasClasses ? await uncertainties(units, named, open) : undefined,
  );
  return Int32Array.from(chosen, (place) => openRows[place]!);
}
