import { defaultTraining, type TrainingSettings } from '../shared/settings.js';
import { byId, element } from './dom.js';

type Field = readonly [
  setting: keyof TrainingSettings,
  label: string,
  choices: readonly number[] | readonly [number, number, number],
];

const lists: readonly Field[] = [
  ['viewSize', 'Pixels of a view', [32, 48, 64]],
  ['width', 'Width of the network', [8, 16, 32, 64]],
  ['batchSize', 'Pictures a step', [16, 32, 64, 128, 256]],
];
const numbers: readonly (readonly [keyof TrainingSettings, string, string])[] = [
  ['epochs', 'Passes in all', '1'],
  ['temperature', 'Temperature', '0.05'],
  ['learningRate', 'Learning rate', '0.0001'],
  ['seed', 'Seed', '1'],
];

/** The form of the training settings. */
export class SettingsForm {
  private readonly controls = new Map<keyof TrainingSettings, HTMLInputElement | HTMLSelectElement>();

  constructor() {
    const form = byId<HTMLFormElement>('settings');
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
    this.show(defaultTraining);
  }

  private add(
    form: HTMLFormElement,
    setting: keyof TrainingSettings,
    label: string,
    control: HTMLInputElement | HTMLSelectElement,
  ): void {
    this.controls.set(setting, control);
    form.append(element('label', {}, element('span', { textContent: label }), control));
  }

  show(settings: TrainingSettings): void {
    for (const [setting, control] of this.controls) control.value = String(settings[setting]);
  }

  read(): TrainingSettings {
    const values = [...this.controls].map(([setting, control]) => [setting, Number(control.value)]);
    return Object.fromEntries(values);
  }

  set enabled(enabled: boolean) {
    for (const control of this.controls.values()) control.disabled = !enabled;
  }
}
