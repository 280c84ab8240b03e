import { basename, dirname } from 'node:path';
import { checkKeys } from '../../errors/check-keys.js';
import { type FilePath, toFileName } from '../../node/files/file-path.js';
import { readBytes } from '../../node/files/read-bytes.js';
import type { PictureStack, StackedPicture } from '../../node/index.js';
import { loadSharp } from '../../node/pictures/decode-image.js';
import { openPicture } from '../../node/pictures/open-picture.js';
import { escapeHtml, plural } from '../page/html.js';
import { htmlPage } from '../page/page.js';
import { pictureLink } from '../page/picture-link.js';
import { writeText } from '../page/write-text.js';

/** What {@link writeStackGallery} shows. */
export interface StackGalleryData {
  /** The page's heading. */
  title: string;
  /** From `findStacks`. */
  stacks: readonly PictureStack[];
  /** How many pictures were compared. @defaultValue it is not said */
  pictures?: number;
  /** Sentences about how alike pictures are that are taken for the same. @defaultValue none */
  calibrations?: readonly string[];
}

/** Pictures of a page: with more of them it would take long to load. */
const mostPictures = 2000;

/** Pixels of the longer side of a thumbnail, twice what is shown. */
const side = 320;

const styles = `
.stack ul{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,10.5rem),1fr));gap:1.1rem;list-style:none;margin:0;padding:0}
.stack li{min-width:0}.stack figure{margin:0}
.stack a{display:block;color:inherit;text-decoration:none}
.stack .frame{display:grid;place-items:center;height:10.5rem;background:var(--page);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.stack .keep .frame{border:3px solid var(--right)}
.stack a:focus-visible .frame{outline:3px solid var(--accent);outline-offset:2px}
.stack .frame img{width:auto;height:auto;max-width:100%;max-height:100%;aspect-ratio:auto;border-radius:0}
.stack figcaption{font-size:.82rem;line-height:1.35;margin-top:.45rem;color:var(--soft)}
.stack .name{display:block;color:var(--ink);font-weight:600;overflow-wrap:anywhere}
.stack .folder,.stack .facts{display:block;overflow-wrap:anywhere}
.role{display:inline-block;padding:0 .55rem;border:1px solid var(--line);border-radius:99px;color:var(--soft)}
.keep .role{background:var(--right);border-color:var(--right);color:var(--card);font-weight:600}
.stack h2 span{font-weight:400;color:var(--soft)}.stack h3{margin:1.1rem 0 .6rem}
`;

const headings = { copies: 'Equal files', same: 'The same picture', variants: 'Variants' };

function sizeOf(bytes: number): string {
  if (bytes < 999_500) return `${Math.max(1, Math.round(bytes / 1000))} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function thumbnailURL(caller: string, path: string): Promise<string | undefined> {
  const sharp = await loadSharp(caller);
  const background = { r: 255, g: 255, b: 255 };
  try {
    const bytes = await readBytes(caller, path);
    const picture = await openPicture(sharp, bytes, { background, fit: 'fill', maxPixels: 0x3fff * 0x3fff });
    const small = picture.resize(side, side, { fit: 'inside', withoutEnlargement: true });
    const webp = await small.toColourspace('srgb').webp({ quality: 70 }).toBuffer();
    return `data:image/webp;base64,${webp.toString('base64')}`;
  } catch {
    return undefined; // it is gone, or has changed
  }
}

function roleOf({ keep, equal, similarity }: StackedPicture, isAlone: boolean): string {
  if (isAlone) return 'variant';
  if (keep) return 'keep';
  return equal ? 'equal file' : `same, ${similarity.toFixed(2)}`;
}

async function figure(
  caller: string,
  page: string,
  picture: StackedPicture,
  isAlone: boolean,
): Promise<string> {
  const { path, width, height, bytes, date } = picture;
  const url = await thumbnailURL(caller, path);
  const image = url
    ? `<img src="${url}" alt="${escapeHtml(basename(path))}" loading="lazy">`
    : '<span>not readable</span>';
  const role = roleOf(picture, isAlone);
  return `<li${role === 'keep' ? ' class="keep"' : ''}><figure><a href="${escapeHtml(pictureLink(page, path))}"><span class="frame">${image}</span></a>
<figcaption><span class="role">${role}</span> <span class="name">${escapeHtml(basename(path))}</span>
<span class="folder">${escapeHtml(dirname(path))}</span><span class="facts">${width}\u00d7${height} \u00b7 ${sizeOf(bytes)} \u00b7 ${escapeHtml(date.slice(0, 16).replace('T', ' '))}</span></figcaption></figure></li>`;
}

const countOf = ({ shots }: PictureStack) => shots.reduce((sum, { pictures }) => sum + pictures.length, 0);

async function section(caller: string, page: string, stack: PictureStack): Promise<string> {
  const { level, shots } = stack;
  // Variants without copies share one row; others have one of their own.
  const rows: string[][] = [];
  let single: string[] | undefined;
  for (const { pictures } of shots) {
    const isAlone = pictures.length === 1;
    const items: string[] = [];
    for (const picture of pictures) items.push(await figure(caller, page, picture, isAlone));
    if (isAlone && single) single.push(...items);
    else rows.push(items);
    if (isAlone) single ??= items;
  }
  const count = countOf(stack);
  const about =
    level === 'variants' ? `${shots.length} variants, ${plural(count, 'file')}` : plural(count, 'file');
  return `<section class="stack"><h2>${headings[level]} <span>\u00b7 ${about}</span></h2>
${rows.map((items) => `<ul>${items.join('')}</ul>`).join('<h3>another variant</h3>')}</section>`;
}

/**
 * Writes stacks of pictures as one HTML page: thumbnails with sizes and dates, which one of each shot to keep, and links to
 * the files. The page loads nothing and runs no script; it has a light and a dark theme and can be read on a phone.
 *
 * @param path - The file to write. Links to the pictures are relative to it.
 * @param data - What to show. Of more than 2,000 pictures, the page says how many stacks are left out.
 * @returns The path.
 * @throws `DataError` when the file cannot be written.
 * @throws `SimCLRError` when the optional package `sharp` is not installed.
 * @example
 * const { stacks } = await findStacks(index);
 * await writeStackGallery('stacks.html', { title: 'My photos', stacks });
 */
export async function writeStackGallery(path: FilePath, data: StackGalleryData): Promise<string> {
  const caller = 'writeStackGallery';
  checkKeys(caller, data, { title: 1, stacks: 1, pictures: 1, calibrations: 1 }, 'data');
  const { title, stacks, pictures, calibrations = [] } = data;
  const page = toFileName(caller, 'path', path);
  await loadSharp(caller);
  const sections: string[] = [];
  let shown = 0;
  for (const stack of stacks) {
    if (shown > 0 && shown + countOf(stack) > mostPictures) break;
    sections.push(await section(caller, page, stack));
    shown += countOf(stack);
  }
  const count = stacks.reduce((sum, stack) => sum + countOf(stack), 0);
  const among = pictures === undefined ? '' : ` among ${plural(pictures, 'picture')}`;
  const rest = stacks.length - sections.length;
  const notes = calibrations.map((text) => `<p class="note">${escapeHtml(text)}</p>`);
  const header = `<header><h1>${escapeHtml(title)}</h1>
<p class="lead">${stacks.length === 0 ? 'No stacks' : `${plural(stacks.length, 'stack')} of ${plural(count, 'file')}`}${among}. Nothing was deleted.</p>
${stacks.length > 0 ? '<p class="note">Green: the one to keep of each picture \u2013 most pixels, then the largest file, then the oldest.</p>' : ''}${notes.join('')}</header><style>${styles}</style>`;
  const footer =
    rest > 0 ? `<p class="note">${plural(rest, 'more stack')} would make this page slow.</p>` : '';
  return writeText(caller, path, htmlPage(title, 0, [header, ...sections, footer]));
}
