import type { PictureStack, StackedPicture } from 'simclr-ts/node';
import { table } from '../table.js';
import { quoted } from '../vectors/vector-formats.js';

/** Size of a file with a unit. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What a picture of a shot is, in a word. */
export function roleOf({ keep, equal }: StackedPicture, isAlone: boolean): string {
  if (isAlone) return 'variant';
  if (keep) return 'keep';
  return equal ? 'equal file' : 'same';
}

/** What a stack is, in words. */
export function titleOf({ level, shots }: PictureStack): string {
  if (level === 'copies') return 'equal files';
  if (level === 'same') return 'the same picture';
  return `${shots.length} variants`;
}

/** Largest number of pictures that are printed per stack. */
const listedAtMost = 20;

/** A stack as text: a line per picture, shots apart. */
export function stackLines(stack: PictureStack): string {
  const rows = stack.shots.flatMap(({ pictures }) =>
    pictures.map((picture) => [
      roleOf(picture, pictures.length === 1),
      `${picture.width}x${picture.height}`,
      fileSize(picture.bytes),
      picture.date.slice(0, 10),
      picture.path,
    ]),
  );
  const shown = table(['', '', '', '', ''], rows.slice(0, listedAtMost)).split('\n').slice(1);
  const rest = rows.length - listedAtMost;
  if (rest > 0) shown.push(`and ${rest} more; --json lists all`);
  return [`${titleOf(stack)}:`, ...shown.map((line) => `  ${line}`)].join('\n');
}

/** Stacks as a table in CSV: a line per picture. */
export function stacksCSV(stacks: readonly PictureStack[]): string {
  const lines = ['stack,level,shot,role,path,width,height,bytes,date,similarity'];
  for (const [i, { level, shots }] of stacks.entries()) {
    for (const [k, { pictures }] of shots.entries()) {
      for (const picture of pictures) {
        const { path, width, height, bytes, date, similarity } = picture;
        const role = roleOf(picture, pictures.length === 1);
        lines.push(
          [i + 1, level, k + 1, role, quoted(path), width, height, bytes, date, similarity.toFixed(4)].join(
            ',',
          ),
        );
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
