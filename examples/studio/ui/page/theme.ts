import { byId } from './dom.js';

const themes = ['system', 'light', 'dark'] as const;
const key = 'studio-theme';

/** A button that cycles through the themes; this browser keeps the choice. */
export function themeButton(): void {
  const button = byId<HTMLButtonElement>('theme');
  const show = (theme: string) => {
    button.textContent = `Theme: ${theme}`;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event('resize'));
  };
  let theme = localStorage.getItem(key) ?? 'system';
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme as 'system') + 1) % themes.length]!;
    localStorage.setItem(key, theme);
    show(theme);
  });
  show(theme);
}
