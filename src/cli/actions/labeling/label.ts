import type { Action, Context } from '../../context.js';
import { percent, table } from '../table.js';
import { folderVectors, many } from '../vectors/folder-vectors.js';
import { describePlace } from '../vectors/model-vectors.js';
import { prepareFile } from '../write-file.js';
import { type CollectedNames, collectNames, listNames } from './collect-names.js';
import { writeLabels } from './label-files.js';
import { checkLabelOptions, type LabelOptions } from './label-options.js';
import { type LabeledFile, nameRows, nothingNamed } from './name-rows.js';
import { nextPictures } from './next-pictures.js';
import { describeSidecars, writeSidecars } from './sidecars.js';
import { weighed } from './weighed-vectors.js';

/** What a name has. */
interface NameSummary {
  name: string;
  /** Pictures that people named so. */
  named: number;
  predicted: number;
  /** Mean of the predicted ones; null without any. */
  confidence: number | null;
}

function summarize(files: readonly LabeledFile[], classNames: readonly string[]): NameSummary[] {
  return classNames.map((name) => {
    const own = files.filter((file) => file.name === name);
    const predicted = own.filter(({ source }) => source === 'predicted');
    const sum = predicted.reduce((total, { confidence }) => total + confidence!, 0);
    return {
      name,
      named: own.length - predicted.length,
      predicted: predicted.length,
      confidence: predicted.length > 0 ? sum / predicted.length : null,
    };
  });
}

function warnOfSingles(summary: readonly NameSummary[], calibrated: boolean, context: Context): void {
  const single = summary.filter(({ named }) => named === 1).map(({ name }) => name);
  if (single.length === 0 || summary.length === 1) return;
  const names = `${single.slice(0, 10).join(', ')}${single.length > 10 ? ', ...' : ''}`;
  context.warn(
    calibrated
      ? `Of some names there is one picture (${names}): how well these are known cannot be measured. Name another of each.`
      : `There is one picture of each name (${names}): confidences are rough until a name has two.`,
  );
}

const uncertainListed = 10;

function describe(files: readonly LabeledFile[], summary: readonly NameSummary[], accuracy: number): string {
  const rows = summary.map(({ name, named, predicted, confidence }) => [
    name,
    named,
    predicted,
    confidence === null ? '' : confidence.toFixed(2),
  ]);
  const none = files.filter(({ name }) => name === null);
  if (none.length > 0) {
    const predicted = none.filter(({ source }) => source === 'predicted').length;
    rows.push(['none of these', none.length - predicted, predicted, '']);
  }
  const uncertain = files
    .filter(({ confidence }) => confidence !== null)
    .sort((a, b) => a.confidence! - b.confidence!)
    .slice(0, uncertainListed);
  const blocks = [table(['name', 'named', 'predicted', 'mean confidence'], rows)];
  if (!Number.isNaN(accuracy)) {
    blocks.push(`Of the named pictures, ${percent(accuracy)} would be named rightly by the others.`);
  }
  if (uncertain.length > 0) {
    const lines = uncertain.map(({ path, name, confidence }) => [confidence!.toFixed(2), name!, path]);
    blocks.push(`The least certain:\n${table(['confidence', 'name', 'file'], lines)}`);
  }
  return blocks.join('\n\n');
}

const countsOf = ({ missing, absent, corrected, ambiguous, location }: CollectedNames) => ({
  missing,
  absent,
  corrected,
  ambiguous,
  kept: location,
});

/** What `--model` needs to be without an index. */
const remedy = ' `simclr-ts index DIR` makes an index, with which label needs no training.';

/** `label DIR`: names for the rest of a folder from those that some pictures have. */
export const label: Action<LabelOptions> = async ([dir], options, context) => {
  checkLabelOptions(options);
  const { out, next, noneShare, writeXmp, fromFolders, fromKeywords } = options;
  const listed = await listNames(dir!, options);
  const known = [...listed.given, ...listed.kept].some(({ name }) => name !== null);
  if (!known && !fromFolders && fromKeywords === undefined && next === undefined) throw nothingNamed(dir!);
  if (out !== undefined) await prepareFile(out);
  const plain = await folderVectors(dir!, options, context, remedy);
  try {
    const found = await weighed(plain);
    const collected = await collectNames(dir!, found, listed, options, context);
    if (collected.corrected > 0) context.note(`Corrected ${many(collected.corrected, 'kept name')}.`);
    if (next !== undefined) return await nextPictures(dir!, found, collected, options, context);
    const { files, model, classNames } = await nameRows(dir!, found, collected.rows, noneShare);
    const summary = summarize(files, classNames);
    warnOfSingles(summary, model.calibrated, context);
    const sidecars = writeXmp ? await writeSidecars(files, options) : undefined;
    const accuracy = model.leaveOneOutAccuracy;
    const json = {
      pictures: files.length,
      named: collected.rows.size,
      model: found.model,
      at: found.at,
      ...(found.index && { index: found.index }),
      names: summary,
      leaveOneOutAccuracy: Number.isNaN(accuracy) ? null : accuracy,
      calibrated: model.calibrated,
      ...countsOf(collected),
      labels: files,
      ...(out !== undefined && { out }),
      ...(sidecars && { sidecars }),
      skipped: found.skipped,
    };
    if (out !== undefined) await writeLabels(out, files, json);
    const text = [
      describe(files, summary, accuracy),
      ...(sidecars ? [describeSidecars(sidecars)] : []),
      `compared by ${describePlace(found)}`,
    ];
    return { text: text.join('\n\n'), json };
  } finally {
    plain.dispose();
  }
};
