import { type AugmentationSettings, defaultAugmentation, defaultTraining } from '../../shared/settings.js';
import type { App } from '../page/app.js';
import { byId, element, pictureCanvas } from '../page/dom.js';

type Slider = readonly [
  setting: keyof AugmentationSettings,
  label: string,
  min: number,
  max: number,
  step: number,
];

const sliders: readonly Slider[] = [
  ['cropSmallest', 'Crop, smallest area', 0.05, 1, 0.01],
  ['cropLargest', 'Crop, largest area', 0.05, 1, 0.01],
  ['aspect', 'Crop, aspect ratio', 1, 3, 0.05],
  ['flip', 'Mirrored, how often', 0, 1, 0.05],
  ['jitter', 'Colors changed, how often', 0, 1, 0.05],
  ['strength', 'Colors, strength', 0, 1.5, 0.05],
  ['brightness', 'Brightness', 0, 1, 0.05],
  ['contrast', 'Contrast', 0, 1, 0.05],
  ['saturation', 'Saturation', 0, 1, 0.05],
  ['hue', 'Hue', 0, 0.3, 0.01],
  ['grayscale', 'Gray, how often', 0, 1, 0.05],
  ['blur', 'Blurred, how often', 0, 1, 0.05],
  ['blurSmallest', 'Blur, least (pixels)', 0.1, 3, 0.1],
  ['blurLargest', 'Blur, most (pixels)', 0.1, 3, 0.1],
];

const picturesShown = 8;

/** Pictures next to two of their views, and a slider for each setting of the augmentation. */
export function augmentationPanel(app: App): void {
  const form = byId<HTMLFormElement>('augmentation');
  const place = byId('view-pairs');
  const seed = element('input', { type: 'number', min: '0', value: '1', step: '1' });
  let asked = 0;

  const adjust = byId<HTMLDetailsElement>('adjust');

  const draw = async () => {
    if (!adjust.open) return; // drawn when someone looks
    const { names, size, data } = app.pictures;
    const count = Math.min(picturesShown, names.length);
    const shown = Array.from({ length: count }, (_, i) => Math.floor((i * names.length) / count));
    if (count === 0) {
      place.replaceChildren(
        element('p', { className: 'note', textContent: 'Add pictures to see their views.' }),
      );
      return;
    }
    const length = size * size * 3;
    const chosen = new Uint8Array(count * length);
    for (const [row, index] of shown.entries())
      chosen.set(data.subarray(index * length, (index + 1) * length), row * length);
    const turn = ++asked;
    const views = await app.side.views(
      chosen,
      size,
      app.augmentation,
      defaultTraining.viewSize,
      Number(seed.value),
    );
    if (turn !== asked) return; // a slider has moved on
    const step = views.size ** 2 * 3;
    place.replaceChildren(
      ...shown.map((index, row) =>
        element(
          'figure',
          { className: 'pair', ariaLabel: `${app.title(index)} and two views of it`, role: 'img' },
          pictureCanvas(data, app.start(index), size),
          element('span', { textContent: '→' }),
          pictureCanvas(views.first, row * step, views.size, 'picture view'),
          pictureCanvas(views.second, row * step, views.size, 'picture view'),
        ),
      ),
    );
  };

  const outputs = new Map<
    keyof AugmentationSettings,
    { input: HTMLInputElement; output: HTMLOutputElement }
  >();
  const show = () => {
    for (const [setting, { input, output }] of outputs) {
      input.value = String(app.augmentation[setting]);
      output.textContent = app.augmentation[setting].toFixed(2);
    }
  };
  for (const [setting, text, min, max, step] of sliders) {
    const input = element('input', {
      type: 'range',
      min: String(min),
      max: String(max),
      step: String(step),
    });
    const output = element('output');
    input.name = setting;
    input.addEventListener('input', () => {
      app.augmentation = { ...app.augmentation, [setting]: Number(input.value) };
      output.textContent = Number(input.value).toFixed(2);
      app.tell('augmentation', app.augmentation);
    });
    outputs.set(setting, { input, output });
    form.append(element('label', {}, element('span', { textContent: text }), input, output));
  }
  const again = element('button', { type: 'button', textContent: 'Draw again' });
  const reset = element('button', { type: 'button', textContent: 'Back to the defaults' });
  form.append(element('p', { className: 'buttons' }, element('label', {}, 'Seed ', seed), again, reset));
  form.addEventListener('submit', (event) => event.preventDefault());
  seed.addEventListener('input', () => void draw());
  again.addEventListener('click', () => {
    seed.value = String(Number(seed.value) + 1);
    void draw();
  });
  reset.addEventListener('click', () => {
    app.augmentation = defaultAugmentation;
    show();
    app.tell('augmentation', app.augmentation);
  });
  app.on('augmentation', (settings) => {
    void draw();
    void app.trainer.setAugmentation(settings);
  });
  app.on('pictures', () => void draw());
  app.on('restored', (state) => {
    app.augmentation = state.augmentation;
    show();
    void draw();
  });
  adjust.addEventListener('toggle', () => void draw());
  show();
}
