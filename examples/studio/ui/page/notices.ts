import { byId, element } from './dom.js';

/** Shows a message, also to screen readers, until it is closed or replaced. */
export function notice(level: 'info' | 'warning', text: string): void {
  const place = byId('notices');
  for (const child of [...place.children]) if (child.firstChild?.textContent === text) child.remove();
  const close = element('button', { type: 'button', textContent: 'Close', ariaLabel: 'Close this notice' });
  const box = element('div', { className: level }, element('p', { textContent: text }), close);
  close.addEventListener('click', () => box.remove());
  place.append(box);
  while (place.childElementCount > 4) place.firstElementChild!.remove();
}

/** Runs an action; if it fails, shows why. */
export async function attempt<T>(body: () => Promise<T>): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    notice('warning', (error as Error).message);
    return undefined;
  }
}
