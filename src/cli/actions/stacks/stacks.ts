import type { StackLevel } from 'simclr-ts/node';
import { writeStackGallery } from 'simclr-ts/report';
import type { Action } from '../../context.js';
import { counted } from '../table.js';
import { type FolderOptions, folderVectors, indexRemedy } from '../vectors/folder-vectors.js';
import { describePlace } from '../vectors/model-vectors.js';
import { prepareFile, writeWhole } from '../write-file.js';
import { describeCalibrations, stacksOf } from './folder-stacks.js';
import { openPage } from './open-page.js';
import { stackLines, stacksCSV } from './stack-lines.js';

interface StacksOptions extends FolderOptions {
  level: StackLevel;
  precision: number;
  mostCopies?: number;
  csv?: string;
  html?: string;
  open?: boolean;
}

/** `stacks DIR`: pictures that belong together, at three levels. */
export const stacks: Action<StacksOptions> = async ([dir], options, context) => {
  const { level, precision, mostCopies, csv, open = false } = options;
  const html = options.html ?? (open ? 'stacks.html' : undefined);
  for (const file of [csv, html]) if (file !== undefined) await prepareFile(file);
  const found = await folderVectors(
    dir!,
    options,
    context,
    `${indexRemedy} \`simclr-ts duplicates DIR --exact\` finds equal files without a model.`,
  );
  try {
    const { paths } = found;
    const result = await stacksOf(
      found,
      { level, precision, ...(mostCopies !== undefined && { mostCopies }) },
      context,
    );
    const calibrations = describeCalibrations(result);
    if (csv !== undefined) await writeWhole(csv, stacksCSV(result.stacks));
    if (html !== undefined) {
      await writeStackGallery(html, {
        title: `Stacks in ${dir}`,
        stacks: result.stacks,
        pictures: paths.length,
        calibrations: calibrations.map((text) =>
          `${text[0]!.toUpperCase()}${text.slice(1)}`.replace(/\n\s*/, '; '),
        ),
      });
    }
    const stacked = result.stacks.reduce(
      (sum, { shots }) => sum + shots.reduce((count, { pictures }) => count + pictures.length, 0),
      0,
    );
    const spare = result.stacks.reduce(
      (sum, { shots }) => sum + shots.reduce((count, { pictures }) => count + pictures.length - 1, 0),
      0,
    );
    const summary =
      result.stacks.length === 0
        ? `No stacks among ${counted(paths.length, 'picture')}.`
        : `${counted(result.stacks.length, 'stack')} of ${stacked} among ${counted(paths.length, 'picture')}; ` +
          `${spare} of them show what another one shows. Nothing was deleted.`;
    const links =
      result.links.length > 0
        ? [
            `${counted(result.links.length, 'file')} only another name of one in the folder (hard links): no copies.`,
          ]
        : [];
    const written = [csv, html].filter((file) => file !== undefined);
    if (open && html !== undefined) await openPage(html, context);
    return {
      text: [
        ...result.stacks.map(stackLines),
        [
          summary,
          ...links,
          `compared by ${describePlace(found)}, centered and whitened`,
          ...calibrations,
        ].join('\n'),
        ...(written.length > 0 ? [`written: ${written.join(', ')}`] : []),
      ].join('\n\n'),
      json: {
        pictures: paths.length,
        model: found.model,
        at: found.at,
        level,
        ...(found.index && { index: found.index }),
        ...(result.same && { same: result.same }),
        ...(result.variants && { variants: result.variants }),
        stacks: result.stacks,
        links: result.links,
        ...(written.length > 0 && { files: written }),
        skipped: [...found.skipped, ...result.skipped],
      },
    };
  } finally {
    found.dispose();
  }
};
