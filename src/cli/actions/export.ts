import { exportONNX, type StateDictFormat, stateDict, writeSafetensors } from 'simclr-ts/interop';
import type { Action } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { type ModelOptions, openModel } from './open-model.js';
import { prepareFile, writeWhole } from './write-file.js';

interface ExportOptions extends ModelOptions {
  onnx?: string;
  safetensors?: string;
  names: StateDictFormat;
  layout: 'NCHW' | 'NHWC';
  head?: boolean;
}

/** `export`: the model for other programs. */
export const exportModel: Action<ExportOptions> = async (_, options, context) => {
  const { onnx, safetensors, names, layout, head = false } = options;
  if (onnx === undefined && safetensors === undefined) {
    throw new CommandError('--onnx FILE or --safetensors FILE is needed, or both.', exitCodes.usage);
  }
  if (head && safetensors !== undefined && (names === 'torchvision' || names === 'timm')) {
    throw new CommandError(
      `--head in safetensors needs --names lightly, lightly-resnet or solo-learn: ${names} has no projection head.`,
      exitCodes.usage,
    );
  }
  const simclr = await openModel(options, context);
  try {
    const { encoder, projectionHead, normalization } = simclr;
    const files: { path: string; format: string; bytes: number }[] = [];
    const write = async (path: string, format: string, contents: Uint8Array) => {
      await prepareFile(path);
      await writeWhole(path, contents);
      files.push({ path, format, bytes: contents.length });
    };
    if (onnx !== undefined) {
      const contents = await exportONNX(encoder, {
        layout,
        ...(head && { projectionHead }),
        ...(normalization && { normalization }),
      });
      await write(onnx, 'onnx', contents);
    }
    if (safetensors !== undefined) {
      const state = new Map(await stateDict(encoder, { format: names }));
      if (head) for (const entry of await stateDict(projectionHead, { format: names })) state.set(...entry);
      const [height, width] = simclr.inputSize;
      const metadata = {
        names,
        inputSize: `${height}x${width}`,
        ...(normalization && { normalization: JSON.stringify(normalization) }),
      };
      await write(safetensors, 'safetensors', writeSafetensors(state, { metadata }));
    }
    const text = files.map(({ path, bytes }) => `${path}: ${(bytes / 1e6).toFixed(1)} MB`).join('\n');
    return { text, json: { model: options.model, files } };
  } finally {
    simclr.dispose();
  }
};
