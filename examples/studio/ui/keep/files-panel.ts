import type { ExportKind } from '../../shared/trainer-protocol.js';
import type { App } from '../page/app.js';
import { byId, download, element } from '../page/dom.js';
import { attempt } from '../page/notices.js';

const kinds: readonly (readonly [ExportKind, string])[] = [
  ['safetensors', 'Encoder (safetensors)'],
  ['onnx', 'Encoder (ONNX)'],
  ['tfjs', 'Encoder (TensorFlow.js)'],
  ['huggingface', 'Encoder (transformers.js)'],
  ['checkpoint', 'Checkpoint (simclr-ts)'],
  ['vectors', 'Vectors (safetensors)'],
  ['csv', 'Vectors and names (CSV)'],
];

/** Buttons that download the encoder and the vectors. */
export function filesPanel(app: App): void {
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
