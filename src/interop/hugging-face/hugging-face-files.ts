import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions } from '../../augmentations/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import type { Readout } from '../../features/index.js';
import { describeShape } from '../../models/check-encoder.js';
import { checkEncoder } from '../../models/index.js';
import { describeNetwork, isStandardResNet } from '../network-description.js';
import { exportONNX } from '../onnx/export-onnx.js';
import { readoutTensors } from '../readout-tensors.js';
import { writeSafetensors } from '../safetensors/safetensors.js';
import { stateDict } from '../state-dict.js';
import { checkPictures, weightsMetadata } from '../weights-metadata.js';
import { modelConfig, preprocessorConfig } from './configs.js';
import type { ExportedModel } from './exported-model.js';
import { modelCard } from './model-card.js';

/** Options of {@link huggingFaceFiles}. */
export interface HuggingFaceOptions {
  /**
   * Mean and standard deviation of each channel that the trainer normalized by. Here the preprocessor normalizes.
   * @defaultValue none
   */
  normalization?: NormalizeOptions;
  /**
   * Width of the weights, and of what the ONNX file computes.
   * @defaultValue `'float32'`
   */
  precision?: 'float32' | 'float16';
  /**
   * The encoder's read-out: the folder then gives its vectors instead of h. Its weights are in `model.safetensors`, too.
   * @defaultValue none
   */
  readout?: Readout;
  /**
   * Name of the model in its card.
   * @defaultValue the encoder's name
   */
  name?: string;
}

/**
 * The files of a model folder as the Hugging Face hub has them, from which other libraries load the encoder:
 *
 * - transformers.js: `pipeline('image-feature-extraction', FOLDER)` gives h as `[1, dim]`;
 * - Python's timm: `timm.create_model('local-dir:FOLDER', pretrained=True)`, and Python's transformers: `AutoModel`,
 *   whose `pooler_output` is h. Both only for `resnet18`, `resnet34` and `resnet50` with the 'imagenet' stem and 64
 *   channels: timm has no others.
 *
 * The files are `config.json`, `preprocessor_config.json`, `model.safetensors` (with torchvision's names), `README.md` (a
 * model card), and `onnx/model.onnx`, which takes pictures of any size. With `'float16'` the last is `onnx/model_fp16.onnx`,
 * as transformers.js expects.
 *
 * With `readout`, transformers.js gives the vectors of the read-out, for pictures of the encoder's size, and timm and
 * transformers cannot load the folder, because they have no read-outs.
 *
 * @param encoder - A model of `resnet18`, `resnet34`, `resnet50` or `mobileNetV2` that takes color pictures.
 * @param options - See {@link HuggingFaceOptions}.
 * @returns The content of each file by its path in the folder. `writeFiles` of `simclr-ts/node` writes them.
 * @throws `InvalidOptionError` when the model is not one of those, or an option is outside its domain.
 * @throws `ShapeError` unless the encoder takes pictures of three channels and a known size.
 * @throws `ValueRangeError` when a weight is too large for `'float16'`.
 * @example
 * const files = await huggingFaceFiles(simclr.encoder);
 * await writeFiles('my-model', files); // of simclr-ts/node
 * @see https://huggingface.co/docs/transformers.js, https://huggingface.co/docs/timm
 */
export async function huggingFaceFiles(
  encoder: LayersModel,
  options: HuggingFaceOptions = {},
): Promise<Map<string, Uint8Array>> {
  const caller = 'huggingFaceFiles';
  checkKeys(caller, options, { normalization: 1, precision: 1, readout: 1, name: 1 });
  const { normalization, precision = 'float32', readout, name = encoder.name } = options;
  checkChoice(caller, 'precision', precision, ['float32', 'float16']);
  if (typeof name !== 'string' || name.trim() === '' || /[\r\n]/.test(name)) {
    throw new InvalidOptionError(receivedMessage(caller, 'name must be a line of text', 'name', name));
  }
  const hDim = checkEncoder(encoder, caller);
  if (readout !== undefined) checkReadout(caller, encoder, readout);
  const dim = readout?.dim ?? hDim;
  const shape = checkPictures(caller, encoder);
  const [, height, width, channels] = shape;
  if (channels !== 3 || height === null || width === null) {
    throw new ShapeError(
      `${caller}: encoder must take pictures of a known size and 3 channels, because pipelines give color pictures. Received: encoder with input shape [${describeShape(shape)}].`,
    );
  }
  const normalizing = normalization === undefined ? {} : { normalization };
  const about = { ...weightsMetadata(encoder, normalizing), dim: String(dim) };
  const state = new Map(await stateDict(encoder, { precision }));
  const read = readout && (await readoutTensors(readout));
  for (const [key, tensor] of Object.entries(read?.tensors ?? {})) state.set(key, tensor);
  const metadata = { ...about, ...read?.metadata, format: 'pt', names: 'torchvision' };
  const network = describeNetwork(encoder);
  const model: ExportedModel = {
    name,
    dim,
    height,
    width,
    normalization,
    precision,
    timm: isStandardResNet(encoder) && !readout ? network!.architecture : undefined,
    stages: readout?.stages,
    network: network ? `${network.architecture} with ${describeStem(network.stem)}` : encoder.name,
  };
  const onnx = await exportONNX(readout?.model ?? encoder, {
    precision,
    pictureSize: readout ? 'fixed' : 'any',
    names: { images: 'pixel_values', h: 'image_embeds' },
    metadata: { ...about, ...read?.metadata },
  });
  const json = (value: object) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return new Map<string, Uint8Array>([
    ['config.json', json(modelConfig(model, metadata))],
    ['preprocessor_config.json', json(preprocessorConfig(model))],
    ['model.safetensors', writeSafetensors(state, { metadata })],
    [precision === 'float16' ? 'onnx/model_fp16.onnx' : 'onnx/model.onnx', onnx],
    ['README.md', new TextEncoder().encode(modelCard(model))],
  ]);
}

function checkReadout(caller: string, encoder: LayersModel, readout: Readout): void {
  if (typeof readout?.isOf === 'function' && readout.isOf(encoder)) return;
  throw new InvalidOptionError(
    receivedMessage(
      caller,
      'readout must be a Readout that was fitted to the encoder as it is now',
      'readout',
      readout,
    ),
  );
}

function describeStem(stem: unknown): string {
  return typeof stem === 'string' ? `the '${stem}' stem` : `the stem ${JSON.stringify(stem)}`;
}
