import { defaultTraining, suggestedEpochs, type TrainingSettings } from '../../shared/settings.js';
import type { StartingEncoder } from '../../shared/trainer-protocol.js';
import { byId, element } from '../page/dom.js';

/** Numeric settings. */
type NumberSetting = Exclude<keyof TrainingSettings, 'startingEncoder'>;

type Field = readonly [
  setting: NumberSetting,
  label: string,
  choices: readonly number[] | readonly [number, number, number],
];

const lists: readonly Field[] = [
  ['viewSize', 'Pixels of a view', [32, 48, 64]],
  ['width', 'Width of the network', [8, 16, 32, 64]],
  ['batchSize', 'Pictures per step', [16, 32, 64, 128, 256]],
];
const numbers: readonly (readonly [NumberSetting, string, string])[] = [
  ['epochs', 'Passes in all', '1'],
  ['temperature', 'Temperature', '0.05'],
  ['learningRate', 'Learning rate', '0.0001'],
  ['seed', 'Seed', '1'],
];

/** The form of the training settings. */
export class SettingsForm {
  private readonly controls = new Map<NumberSetting, HTMLInputElement | HTMLSelectElement>();
  private readonly form = byId<HTMLFormElement>('settings');
  private readonly start = element('select', { name: 'start' });
  private encoder: StartingEncoder | undefined;
  private active = true;
  private startingEncoder = false;
  private epochsAreChosen = false;

  constructor() {
    const { form } = this;
    form.addEventListener('submit', (event) => event.preventDefault());
    for (const [setting, label, choices] of lists) {
      const select = element('select', { name: setting });
      select.append(
        ...choices.map((choice) => element('option', { value: String(choice), textContent: String(choice) })),
      );
      this.add(form, setting, label, select);
    }
    for (const [setting, label, step] of numbers) {
      this.add(
        form,
        setting,
        label,
        element('input', { type: 'number', name: setting, min: step, step: 'any' }),
      );
    }
    this.controls.get('epochs')!.addEventListener('input', () => {
      this.epochsAreChosen = true;
    });
    this.show(defaultTraining);
  }

  private add(
    form: HTMLFormElement,
    setting: NumberSetting,
    label: string,
    control: HTMLInputElement | HTMLSelectElement,
  ): void {
    this.controls.set(setting, control);
    form.append(element('label', {}, element('span', { textContent: label }), control));
  }

  /** Calls a function at each change by the person. */
  onInput(listener: () => void): void {
    this.form.addEventListener('input', listener);
  }

  /** Lets a model start from a trained encoder. */
  offer(encoder: StartingEncoder): void {
    this.encoder = encoder;
    this.start.append(
      element('option', { value: 'scratch', textContent: 'scratch' }),
      element('option', { value: 'encoder', textContent: 'the CIFAR-10 encoder' }),
    );
    this.form.prepend(element('label', {}, element('span', { textContent: 'Start from' }), this.start));
    const note = byId('start-note');
    note.hidden = false;
    note.textContent =
      'From scratch, all that the network knows comes from your pictures. The CIFAR-10 encoder has seen small photographs ' +
      `of animals and vehicles before (${encoder.training}): a head start, especially with few such pictures.`;
    this.start.addEventListener('change', () => {
      this.startingEncoder = this.start.value === 'encoder';
      this.update();
    });
    this.update();
  }

  /** Sets the default passes for the pictures, unless the person has chosen. */
  suggestFor(pictures: number): void {
    if (this.epochsAreChosen || pictures === 0) return;
    this.controls.get('epochs')!.value = String(suggestedEpochs(pictures));
  }

  show(settings: TrainingSettings): void {
    for (const [setting, control] of this.controls) control.value = String(settings[setting]);
    this.startingEncoder = settings.startingEncoder;
    this.update();
  }

  read(): TrainingSettings {
    const values = [...this.controls].map(([setting, control]) => [setting, Number(control.value)]);
    return { ...Object.fromEntries(values), startingEncoder: this.startingEncoder };
  }

  set enabled(enabled: boolean) {
    this.active = enabled;
    this.update();
  }

  /** Disables what cannot be changed: everything during training, and the width if the encoder determines it. */
  private update(): void {
    for (const control of [...this.controls.values(), this.start]) control.disabled = !this.active;
    if (!this.encoder) return;
    this.start.value = this.startingEncoder ? 'encoder' : 'scratch';
    if (!this.startingEncoder) return;
    const width = this.controls.get('width')!;
    width.value = String(this.encoder.width);
    width.disabled = true;
  }
}
