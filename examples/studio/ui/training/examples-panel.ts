import type { Example } from '../../shared/trainer-protocol.js';
import type { App } from '../page/app.js';
import { byId, element } from '../page/dom.js';
import { PictureGrid } from '../page/picture-grid.js';

/** A few pictures with their nearest ones before training and now. */
export function examplesPanel(app: App): void {
  const place = byId('examples');
  const box = byId('examples-box');
  let before: readonly Example[] | undefined;
  const pictures = (label: string, indices: number[]) => {
    const grid = new PictureGrid(app, { label });
    grid.show(indices);
    return grid.root;
  };
  const row = (title: string, indices: number[]) => [
    element('span', { textContent: title }),
    pictures(title, indices),
  ];
  const show = (now: readonly Example[], isUntrained: boolean) => {
    // A picture that is drawn again would lose the focus.
    if (place.contains(document.activeElement)) return;
    box.hidden = isUntrained;
    if (isUntrained) return;
    place.replaceChildren(
      ...now.map(({ index, neighbors }) => {
        const first = before?.find((example) => example.index === index);
        return element(
          'div',
          { className: 'strip' },
          pictures('Picture', [index]),
          ...(first ? row('Before', first.neighbors) : []),
          ...row('Now', neighbors),
        );
      }),
    );
  };
  app.on('measured', ({ measurement: { step }, examples }) => {
    if (step === 0) before = examples;
    show(examples, step === 0);
  });
  app.on('restored', (state) => {
    before = state.before?.examples;
  });
  app.on('forgotten', () => {
    before = undefined;
    box.hidden = true;
    place.replaceChildren();
  });
}
