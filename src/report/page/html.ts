/** Escapes text for HTML, between tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** A share as a percentage with one decimal. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** An interval of shares. */
export const range = (low: number, high: number): string => `${(100 * low).toFixed(1)}\u2013${percent(high)}`;

/** A difference of shares in percentage points, with its sign. */
export const points = (difference: number): string =>
  `${difference < 0 ? '\u2212' : '+'}${Math.abs(100 * difference).toFixed(1)}`;

/** Text whose negative numbers, which terminals show with a hyphen, have minus signs as the rest of the page. */
export const withMinusSigns = (text: string): string => text.replace(/(?<=^|[\s(])-(?=\d)/g, '\u2212');

/** An integer with thousands separators. */
export const whole = (value: number): string => value.toLocaleString('en-GB');

/** Minutes to a tenth, the first to a hundredth, without zeros at the end. */
export const minutesText = (minutes: number): string => String(Number(minutes.toFixed(minutes < 1 ? 2 : 1)));

/** A count with its noun: '1 step', '2,000 steps'. */
export const plural = (count: number, noun: string): string =>
  `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;

/** A duration in readable units. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A list of names and values. */
export function factList(facts: Readonly<Record<string, string>>): string {
  const items = Object.entries(facts).map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return items.length === 0 ? '' : `<dl class="facts">${items.join('')}</dl>`;
}
