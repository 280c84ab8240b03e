import type { ExportKind } from '../shared/trainer-protocol.js';
import type { App } from './app.js';
import { byId, element } from './dom.js';
import { attempt } from './notices.js';

const kinds: readonly (readonly [ExportKind, string])[] = [
  ['safetensors', 'Encoder (safetensors)'],
  ['onnx', 'Encoder (ONNX)'],
  ['tfjs', 'Encoder (TensorFlow.js)'],
  ['huggingface', 'Encoder (transformers.js)'],
  ['checkpoint', 'Checkpoint (simclr-ts)'],
  ['vectors', 'Vectors (safetensors)'],
  ['csv', 'Vectors and names (CSV)'],
];

/** Downloads bytes as a file. */
function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes]));
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Buttons that download the encoder and the vectors. */
export function exportPanel(app: App): void {
  byId('exports').append(
    ...kinds.map(([kind, text]) => {
      const button = element('button', { type: 'button', textContent: text });
      button.dataset.kind = kind;
      button.addEventListener('click', () =>
        attempt(async () => {
          const { name, bytes } = await app.trainer.exportFile(kind);
          download(name, bytes);
        }),
      );
      return button;
    }),
  );
}
