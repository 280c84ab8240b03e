import { fewestPictures } from '../../shared/pictures.js';
import type { App } from './app.js';
import { byId, counted } from './dom.js';

/** A step of the page: a `<details>` that opens by itself when it is its turn, and stays closed until it can be used. */
class Step {
  private readonly details: HTMLDetailsElement;
  private readonly summary: HTMLElement;
  private readonly about: HTMLElement;
  private readonly text: string;
  private opened = false;

  constructor(id: string) {
    this.details = byId<HTMLDetailsElement>(id);
    this.summary = this.details.querySelector('summary')!;
    this.about = this.summary.querySelector('.about')!;
    this.text = this.about.textContent ?? '';
    this.summary.addEventListener('click', (event) => {
      if (this.summary.ariaDisabled === 'true') event.preventDefault();
    });
  }

  /** Opens it once: a person who closes it wants it closed. */
  open(): void {
    if (this.opened) return;
    this.opened = true;
    this.details.open = true;
  }

  /** Lets it be used, or closes it and says what it waits for. */
  set waitsFor(reason: string | undefined) {
    const waited = this.summary.ariaDisabled === 'true';
    this.summary.ariaDisabled = reason === undefined ? null : 'true';
    const text = reason ?? this.text;
    if (this.about.textContent !== text) this.about.textContent = text;
    if (reason === undefined || waited) return;
    this.details.open = false;
    this.opened = false;
  }
}

/** Steps 3 to 5, one after the other. */
export function steps(app: App): void {
  const [train, use, keep] = ['train', 'use', 'keep'].map((id) => new Step(id)) as [Step, Step, Step];
  let sorting = true;
  const update = () => {
    const { length } = app.pictures.names;
    const few = length > 0 && length < fewestPictures;
    const reason = few
      ? `Waits for ${counted(fewestPictures - length, 'more picture')}.`
      : length === 0
        ? 'Waits for pictures.'
        : app.hasModel
          ? undefined
          : sorting
            ? 'Waits until the pictures are sorted.'
            : 'Waits for pictures that can be compared.';
    for (const step of [train, use, keep]) step.waitsFor = reason;
    if (reason === undefined) train.open();
    if (reason === undefined && app.trained) use.open();
  };
  for (const event of ['pictures', 'measured', 'restored', 'forgotten'] as const) app.on(event, update);
  app.on('sorting', (value) => {
    sorting = value;
    update();
  });
  app.on('trained', () => use.open());
  app.on('used', () => keep.open());
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-next]')) {
    button.addEventListener('click', () => {
      const next = byId<HTMLDetailsElement>(button.dataset.next!);
      next.open = true;
      next.scrollIntoView({ block: 'start' });
      next.querySelector('summary')!.focus({ preventScroll: true });
    });
  }
  update();
}
