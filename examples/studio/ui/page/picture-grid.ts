import type { App } from './app.js';
import { element, pictureCanvas } from './dom.js';

/** Options of a grid. */
export interface GridOptions {
  /** Pictures per page. @defaultValue 120 */
  perPage?: number;
  /** A text under the name of a picture for screen readers and on hovering. */
  describe?(index: number): string;
  /** A name of the grid. */
  label: string;
}

/**
 * Pictures as buttons in a grid. One of them is in the order of the Tab key; arrow keys continue from there. Enter or a
 * click chooses, M or Shift and a click marks, for those who have a keyboard.
 */
export class PictureGrid {
  readonly root = element('div');
  private readonly grid = element('div', { className: 'grid', role: 'group' });
  private readonly pager = element('div', { className: 'pager' });
  private indices: readonly number[] = [];
  private page = 0;

  constructor(
    private readonly app: App,
    private readonly options: GridOptions,
  ) {
    this.grid.ariaLabel = options.label;
    this.root.append(this.grid, this.pager);
    this.grid.addEventListener('keydown', (event) => this.onKey(event));
    this.grid.addEventListener('click', (event) => {
      const button = (event.target as HTMLElement).closest('button');
      if (!button) return;
      if (event.shiftKey) this.mark(button);
      else this.choose(button);
    });
  }

  show(indices: readonly number[]): void {
    this.indices = indices;
    this.page = 0;
    this.draw();
  }

  private buttons(): HTMLButtonElement[] {
    return [...this.grid.children] as HTMLButtonElement[];
  }

  private draw(): void {
    const { perPage = 120 } = this.options;
    const { app, indices } = this;
    const shown = indices.slice(this.page * perPage, (this.page + 1) * perPage);
    this.grid.replaceChildren(
      ...shown.map((index, place) => {
        const text = [app.title(index), this.options.describe?.(index)].filter(Boolean).join(', ');
        const { data, size } = app.pictures;
        const button = element('button', {
          type: 'button',
          value: String(index),
          title: text,
          ariaLabel: text,
        });
        button.tabIndex = place === 0 ? 0 : -1;
        button.ariaPressed = String(app.marked.has(index));
        button.append(pictureCanvas(data, app.start(index), size));
        return button;
      }),
    );
    const pages = Math.ceil(indices.length / perPage);
    this.pager.replaceChildren();
    if (pages < 2) return;
    const turn = (text: string, by: number) => {
      const button = element('button', { type: 'button', textContent: text });
      button.disabled = this.page + by < 0 || this.page + by >= pages;
      button.addEventListener('click', () => {
        this.page += by;
        this.draw();
      });
      return button;
    };
    this.pager.append(turn('Back', -1), `page ${this.page + 1} of ${pages}`, turn('Next', 1));
  }

  private choose(button: HTMLButtonElement): void {
    this.app.tell('chosen', Number(button.value));
  }

  private mark(button: HTMLButtonElement): void {
    const index = Number(button.value);
    this.app.mark([index], !this.app.marked.has(index));
  }

  private onKey(event: KeyboardEvent): void {
    const buttons = this.buttons();
    const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (here < 0) return;
    if (event.key === 'm' || event.key === 'M') {
      this.mark(buttons[here]!);
      return;
    }
    const top = buttons[0]!.offsetTop;
    const across = Math.max(1, buttons.filter(({ offsetTop }) => offsetTop === top).length);
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -across,
      ArrowDown: across,
      Home: -here,
      End: buttons.length - 1 - here,
    };
    const next = buttons[here + (steps[event.key] ?? Number.NaN)];
    if (!next) return;
    event.preventDefault();
    buttons[here]!.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

/** Keeps the marks, and the chosen picture, on every grid of the page. */
export function showMarks(app: App): void {
  const buttons = () => document.querySelectorAll<HTMLButtonElement>('.grid button');
  app.on('marked', (marked) => {
    for (const button of buttons()) button.ariaPressed = String(marked.has(Number(button.value)));
  });
  app.on('chosen', (index) => {
    for (const button of buttons()) button.classList.toggle('chosen', Number(button.value) === index);
  });
}
