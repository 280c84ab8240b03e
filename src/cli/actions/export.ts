import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Readout, SimCLR } from 'simclr-ts';
import {
  exportONNX,
  huggingFaceFiles,
  readoutTensors,
  type StateDictFormat,
  stateDict,
  toPlainLayersModel,
  weightsMetadata,
  writeSafetensors,
} from 'simclr-ts/interop';
import { directory, writeFiles } from 'simclr-ts/node';
import type { Action, Context } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { type ModelOptions, openModel } from './open-model.js';
import { describePlace, type PlaceOptions, placeOf, vectorsAt } from './vectors/model-vectors.js';
import { prepareFile, writeWhole } from './write-file.js';

interface ExportOptions extends ModelOptions, PlaceOptions {
  onnx?: string;
  safetensors?: string;
  huggingface?: string;
  tfjs?: string;
  names: StateDictFormat;
  layout: 'NCHW' | 'NHWC';
  head?: boolean;
  float16?: boolean;
  anySize?: boolean;
}

/** What is exported: a model, at its read-out if there is one here. */
interface ExportSource {
  simclr: SimCLR;
  readout: Readout | undefined;
}

interface WrittenFile {
  path: string;
  format: string;
  bytes: number;
}

function checkTargets({
  onnx,
  safetensors,
  huggingface,
  tfjs,
  names,
  head,
  float16,
  anySize,
  at,
}: ExportOptions) {
  const refuse = (message: string) => new CommandError(message, exitCodes.usage);
  if ([onnx, safetensors, huggingface, tfjs].every((target) => target === undefined)) {
    throw refuse('--onnx FILE, --safetensors FILE, --huggingface DIR or --tfjs DIR is needed, or several.');
  }
  if (at === 'readout' && (head || anySize)) {
    const given = head ? '--head' : '--any-size';
    const reason = head ? 'the projection head takes h' : 'a read-out takes pictures of one size';
    throw refuse(`${given} cannot be combined with --at readout: ${reason}.`);
  }
  if (head && safetensors !== undefined && (names === 'torchvision' || names === 'timm')) {
    throw refuse(
      `--head in safetensors needs --names lightly, lightly-resnet or solo-learn: ${names} has no projection head.`,
    );
  }
  if (float16 && [onnx, safetensors, huggingface].every((target) => target === undefined)) {
    throw refuse(
      '--float16 is for --onnx, --safetensors and --huggingface: TensorFlow.js computes in float32.',
    );
  }
  if (anySize && onnx === undefined) {
    throw refuse('--any-size is for --onnx; the ONNX file of --huggingface takes any size as it is.');
  }
}

/** `export`: the model for other programs. */
export const exportModel: Action<ExportOptions> = async (_, options, context) => {
  checkTargets(options);
  const simclr = await openModel(options, context);
  try {
    const at = placeOf(simclr, options, 'h', context);
    const source: ExportSource = { simclr, readout: at === 'readout' ? simclr.readout : undefined };
    const files = [
      ...(await writeONNX(source, options)),
      ...(await writeState(source, options)),
      ...(await writeHuggingFace(source, options, context)),
      ...(await writeTFJS(source, options)),
    ];
    const text = [
      ...files.map(({ path, bytes }) => `${path}: ${size(bytes)}`),
      ...(at === 'h' ? [] : [`vectors: ${describePlace(vectorsAt(simclr, at))}`]),
    ].join('\n');
    return { text, json: { model: options.model, at, files } };
  } finally {
    simclr.dispose();
  }
};

function size(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

async function write(path: string, format: string, contents: Uint8Array): Promise<WrittenFile> {
  await prepareFile(path);
  await writeWhole(path, contents);
  return { path, format, bytes: contents.length };
}

const precisionOf = ({ float16 = false }: ExportOptions) => (float16 ? 'float16' : 'float32');

async function writeONNX({ simclr, readout }: ExportSource, options: ExportOptions): Promise<WrittenFile[]> {
  const { onnx, layout, head = false, anySize = false } = options;
  if (onnx === undefined) return [];
  const { encoder, projectionHead, normalization } = simclr;
  const contents = await exportONNX(readout?.model ?? encoder, {
    layout,
    precision: precisionOf(options),
    pictureSize: anySize ? 'any' : 'fixed',
    ...(head && { projectionHead }),
    ...(readout && { names: { h: 'readout' }, metadata: (await readoutTensors(readout)).metadata }),
    ...(normalization && { normalization }),
  });
  return [await write(onnx, 'onnx', contents)];
}

async function writeState({ simclr, readout }: ExportSource, options: ExportOptions): Promise<WrittenFile[]> {
  const { safetensors, names, head = false } = options;
  if (safetensors === undefined) return [];
  const { encoder, projectionHead, normalization } = simclr;
  const form = { format: names, precision: precisionOf(options) } as const;
  const state = new Map(await stateDict(encoder, form));
  if (head) for (const entry of await stateDict(projectionHead, form)) state.set(...entry);
  const read = readout && (await readoutTensors(readout));
  for (const entry of Object.entries(read?.tensors ?? {})) state.set(...entry);
  const metadata = {
    ...weightsMetadata(encoder, normalization ? { normalization } : {}),
    ...read?.metadata,
    names,
    format: 'pt',
  };
  return [await write(safetensors, 'safetensors', writeSafetensors(state, { metadata }))];
}

async function writeHuggingFace(
  { simclr, readout }: ExportSource,
  options: ExportOptions,
  context: Context,
): Promise<WrittenFile[]> {
  const { huggingface } = options;
  if (huggingface === undefined) return [];
  const { encoder, normalization } = simclr;
  const files = await huggingFaceFiles(encoder, {
    name: basename(resolve(huggingface)),
    precision: precisionOf(options),
    ...(normalization && { normalization }),
    ...(readout && { readout }),
  });
  const written = await writeFiles(huggingface, files, { keep: ['README.md'] });
  if (written.length < files.size) context.note(`Kept the README.md in ${huggingface}.`);
  return written.map(({ path, bytes }) => ({ path: join(huggingface, path), format: 'huggingface', bytes }));
}

/** @throws {@link CommandError} when the folder holds a model that is no earlier export, such as a training run's. */
async function refuseOtherModel(folder: string): Promise<void> {
  const there = await readFile(join(folder, 'model.json'), 'utf8').catch(() => undefined);
  if (there === undefined || there.includes('"library":"simclr-ts"')) return;
  throw new CommandError(
    `--tfjs must be a folder of its own. Received: ${JSON.stringify(folder)}, which holds another model.`,
    exitCodes.usage,
  );
}

async function writeTFJS({ simclr, readout }: ExportSource, { tfjs }: ExportOptions): Promise<WrittenFile[]> {
  if (tfjs === undefined) return [];
  await refuseOtherModel(tfjs);
  const { encoder, normalization } = simclr;
  const plain = toPlainLayersModel(readout?.model ?? encoder);
  try {
    plain.setUserDefinedMetadata({
      ...weightsMetadata(encoder, normalization ? { normalization } : {}),
      ...(readout && { dim: String(readout.dim), ...(await readoutTensors(readout)).metadata }),
    });
    await plain.save(directory(tfjs));
  } finally {
    plain.dispose();
  }
  const paths = ['model.json', 'weights.bin'].map((name) => join(tfjs, name));
  return Promise.all(paths.map(async (path) => ({ path, format: 'tfjs', bytes: (await stat(path)).size })));
}
