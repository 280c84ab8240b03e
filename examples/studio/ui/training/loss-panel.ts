import type { App } from '../page/app.js';
import { byId, element, pictureCanvas } from '../page/dom.js';
import { attempt } from '../page/notices.js';

const picturesShown = 4;

/** The loss explained: similarities of eight real projections, positives and negatives marked. */
export function lossPanel(app: App): void {
  const place = byId('explained');
  const slider = byId<HTMLInputElement>('temperature');
  const value = byId<HTMLOutputElement>('temperature-value');
  let taken: Awaited<ReturnType<App['trainer']['projections']>> | undefined;
  let seed = 0;

  const show = async () => {
    value.textContent = slider.value;
    if (!taken) return;
    const { views, size, z, dim } = taken;
    const count = 2 * picturesShown;
    const { loss, similarities, positives, negatives, rows } = await app.side.explain(
      z,
      dim,
      Number(slider.value),
    );
    const name = (row: number) => `picture ${(row % picturesShown) + 1}, view ${row < picturesShown ? 1 : 2}`;
    const header = (row: number, scope: string) => {
      const canvas = pictureCanvas(views, row * size * size * 3, size);
      canvas.setAttribute('role', 'img');
      canvas.ariaLabel = name(row);
      return element('th', { scope }, canvas);
    };
    const cell = (row: number, column: number) => {
      const place = row * count + column;
      const similarity = similarities[place]!;
      const kind = positives[place] ? 'positive' : negatives[place] ? 'negative' : 'self';
      const td = element('td', { className: kind, title: `${name(row)} with ${name(column)}: ${kind}` });
      td.textContent = kind === 'self' ? '–' : similarity.toFixed(2);
      const strength = Math.round(Math.max(0, similarity) * 40); // light enough for the ink, in both themes
      if (kind !== 'self')
        td.style.background = `color-mix(in srgb, var(--accent) ${strength}%, var(--card))`;
      return td;
    };
    const numbers = Array.from({ length: count }, (_, i) => i);
    place.replaceChildren(
      element(
        'table',
        { className: 'matrix' },
        element('caption', {
          textContent: `Mean loss ${loss.toFixed(3)} nats; by chance ${Math.log(count - 1).toFixed(3)}`,
        }),
        element(
          'tr',
          {},
          element('td'),
          ...numbers.map((i) => header(i, 'col')),
          element('th', { textContent: 'loss' }),
        ),
        ...numbers.map((row) =>
          element(
            'tr',
            {},
            header(row, 'row'),
            ...numbers.map((column) => cell(row, column)),
            element('td', { textContent: rows[row]!.toFixed(2) }),
          ),
        ),
      ),
    );
  };
  byId('explain').addEventListener('click', () =>
    attempt(async () => {
      const { length } = app.pictures.names;
      const indices = Array.from(
        { length: picturesShown },
        (_, i) => (Math.floor((i * length) / picturesShown) + seed) % length,
      );
      taken = await app.trainer.projections(indices, seed++);
      await show();
    }),
  );
  slider.addEventListener('input', () => void show());
  app.on('forgotten', () => {
    taken = undefined;
    place.replaceChildren();
  });
}
