import type { ProbeResult } from '../../shared/trainer-protocol.js';
import type { App } from '../page/app.js';
import { byId, counted, percent } from '../page/dom.js';
import { attempt } from '../page/notices.js';
import { pictureSet } from './picture-set.js';

/** Names: the person names a few pictures, and a classifier names the rest. */
export function namesPanel(app: App): void {
  const place = byId('labels');
  const result = byId('labeled');
  const state = byId('names-state');
  const probe = byId<HTMLButtonElement>('probe');

  const show = () => {
    const { labels } = app;
    place.replaceChildren(
      ...labels.map(({ name, indices }) =>
        pictureSet(app, `${name}: ${counted(indices.length, 'picture')} named`, indices),
      ),
    );
    probe.disabled = labels.length < 2;
    state.textContent =
      labels.length === 0
        ? 'Draw around two or three pictures with the lasso of the map, and give them a name. Then do so for another kind.'
        : labels.length === 1
          ? 'Now name a few pictures of another kind: what is not of one must be of the other.'
          : '';
  };
  const showResult = ({ names, classes, confidence }: ProbeResult) => {
    result.replaceChildren(
      ...names.map((label, number) => {
        const members = [...classes.keys()].filter((index) => classes[index] === number);
        members.sort((a, b) => confidence[b]! - confidence[a]!);
        const describe = (index: number) => `${label}, ${percent(confidence[index]!)} sure`;
        return pictureSet(
          app,
          `${label}: ${counted(members.length, 'picture')}, surest first`,
          members,
          describe,
        );
      }),
    );
  };
  probe.addEventListener('click', () =>
    attempt(async () => {
      const found = await app.trainer.probe(app.labels);
      showResult(found);
      app.setNamed(found);
      app.tell('used', undefined);
    }),
  );
  app.on('labels', show);
  app.on('forgotten', () => {
    show();
    result.replaceChildren();
  });
  show();
}
