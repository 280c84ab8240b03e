import { imageTag } from '../../../report/galleries/pictures.js';
import { escapeHtml, factList } from '../../../report/page/html.js';
import { htmlPage } from '../../../report/page/page.js';
import { decodeInChunks } from '../pictures.js';

/** A picture, and what is said of it. */
interface CaptionedPicture {
  path: string;
  /** What stands below its path. */
  caption: string;
}

/** Pictures in an order. */
export interface PicturePage {
  title: string;
  facts: Readonly<Record<string, string>>;
  /** A picture that stands before the others, without a number. */
  query?: CaptionedPicture;
  pictures: readonly CaptionedPicture[];
}

/** Side of a picture on the page, in pixels. */
const side = 128;

const grid =
  'display:grid;grid-template-columns:repeat(auto-fill,minmax(8rem,1fr));gap:1rem;list-style:none;margin:0;padding:0';

async function listOf(pictures: readonly CaptionedPicture[], isNumbered: boolean): Promise<string> {
  const items: string[] = [];
  const paths = pictures.map(({ path }) => path);
  for await (const { images, indices } of decodeInChunks(paths, [side, side], 64)) {
    for (const [row, index] of indices.entries()) {
      const { path, caption } = pictures[index]!;
      const bytes = side * side * 3;
      const pixels = Uint8Array.from(images.data.subarray(row * bytes, (row + 1) * bytes));
      const image = await imageTag({ pixels, width: side, height: side }, path);
      const number = isNumbered ? `${index + 1}. ` : '';
      const below = caption === '' ? '' : `<br>${escapeHtml(caption)}`;
      items.push(
        `<li><figure style="margin:0">${image}<figcaption style="font-size:.78rem;overflow-wrap:anywhere">` +
          `${number}${escapeHtml(path)}${below}</figcaption></figure></li>`,
      );
    }
  }
  return `<ul style="${grid}">${items.join('\n')}</ul>`;
}

/** A page with thumbnails, which loads nothing. */
export async function picturePage({ title, facts, query, pictures }: PicturePage): Promise<string> {
  const first = query && `<section>${await listOf([query], false)}</section>`;
  return htmlPage(title, 0, [
    `<h1>${escapeHtml(title)}</h1>${factList(facts)}`,
    ...(first ? [first] : []),
    `<section>${await listOf(pictures, true)}</section>`,
  ]);
}
