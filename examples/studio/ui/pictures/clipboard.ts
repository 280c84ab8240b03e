import type { DroppedFile } from '../../shared/pictures.js';
import { byId } from '../page/dom.js';
import { notice } from '../page/notices.js';
import type { AddFiles } from './pictures-panel.js';

/** A name of its own for each: browsers call every pasted picture `image.png`. */
function named(pictures: readonly Blob[]): DroppedFile[] {
  const now = new Date().toISOString().slice(0, 19).replaceAll(':', '.');
  return pictures.map((picture, number) => {
    const path = `pasted-${now}-${number + 1}.${picture.type.split('/')[1]}`;
    return { path, file: new File([picture], path, { type: picture.type }) };
  });
}

/** The pictures on the clipboard. Browsers ask the person first. */
async function picturesOnClipboard(): Promise<Blob[]> {
  const items = await navigator.clipboard.read();
  const found = items.map((item) => {
    const type = item.types.find((each) => each.startsWith('image/'));
    return type ? item.getType(type) : undefined;
  });
  return (await Promise.all(found)).filter((picture) => picture !== undefined);
}

/** Pictures from the clipboard: by the keys that paste, or by a button where browsers allow it. */
export function clipboard(add: AddFiles): void {
  document.addEventListener('paste', ({ clipboardData }) => {
    const pictures = [...(clipboardData?.files ?? [])].filter(({ type }) => type.startsWith('image/'));
    void add(named(pictures));
  });
  const button = byId<HTMLButtonElement>('paste');
  button.hidden = !navigator.clipboard?.read;
  button.addEventListener('click', async () => {
    try {
      const pictures = await picturesOnClipboard();
      if (pictures.length > 0) await add(named(pictures));
      else notice('info', 'There is no picture on the clipboard. Copy one, then try again.');
    } catch {
      notice('warning', 'The browser does not let the page read the clipboard. Press Ctrl+V or ⌘V instead.');
    }
  });
}
