import { io } from '@tensorflow/tfjs-core';
import { strToU8, zipSync } from 'fflate';
import type { EmbeddingArray, SimCLR } from 'simclr-ts';
import type { Readout } from 'simclr-ts/features';
import {
  exportONNX,
  huggingFaceFiles,
  readoutTensors,
  stateDict,
  toPlainLayersModel,
  writeSafetensors,
} from 'simclr-ts/interop';
import type { PictureSet } from '../shared/pictures.js';
import type { ExportKind, ProbeResult } from '../shared/trainer-protocol.js';

/** A tfjs model as the two files that its loaders expect, in an archive. */
async function modelArchive(
  save: (handler: io.IOHandler) => Promise<unknown>,
): Promise<Uint8Array<ArrayBuffer>> {
  let files: Record<string, Uint8Array> = {};
  await save(
    io.withSaveHandler(async (artifacts) => {
      const { weightData, weightSpecs = [], getWeightStream: _, ...rest } = artifacts;
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      files = {
        'model.json': strToU8(JSON.stringify({ ...rest, weightsManifest })),
        'weights.bin': new Uint8Array(io.CompositeArrayBuffer.join(weightData)),
      };
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  return zipSync(files, { level: 0 }) as Uint8Array<ArrayBuffer>; // weights do not compress
}

/** A CSV field. */
function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Name, folder, given name, and vector of each picture, one per line. */
function table(pictures: PictureSet, vectors: EmbeddingArray, named: ProbeResult | undefined): string {
  const dim = vectors.shape[1];
  const head = ['picture', 'folder', 'name', 'confidence', ...Array.from({ length: dim }, (_, i) => `v${i}`)];
  const lines = pictures.names.map((name, row) => {
    const label = named?.names[named.classes[row]!] ?? '';
    const confidence = named ? named.confidence[row]!.toFixed(4) : '';
    const values = Array.from(vectors.data.subarray(row * dim, (row + 1) * dim), (value) =>
      value.toPrecision(7),
    );
    return [quoted(name), quoted(pictures.groups[row]!), quoted(label), confidence, ...values].join(',');
  });
  return `${[head.join(','), ...lines].join('\n')}\n`;
}

/** @throws where training has changed the weights that the read-out was fitted to: a file with both would be wrong */
function requireUnchanged(simclr: SimCLR, readout: Readout): void {
  if (readout.isOf(simclr.encoder)) return;
  throw new Error('Pause training first: the encoder changes while it is written.');
}

/** The inputs of an export. */
export interface ExportSource {
  simclr: SimCLR;
  /** What gives the vectors. */
  readout: Readout;
  pictures: PictureSet;
  vectors(): Promise<EmbeddingArray>;
  named: ProbeResult | undefined;
}

/** The bytes of a file to download. */
export async function exportFile(
  kind: ExportKind,
  { simclr, readout, pictures, vectors, named }: ExportSource,
): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  switch (kind) {
    case 'safetensors': {
      requireUnchanged(simclr, readout);
      const [height] = simclr.inputSize;
      const { tensors, metadata } = await readoutTensors(readout);
      const network = {
        network: 'resnet18',
        stem: 'imagenet',
        pictures: `${height}x${height} RGB in [0, 1]`,
      };
      const all = new Map([...(await stateDict(simclr.encoder)), ...Object.entries(tensors)]);
      const bytes = writeSafetensors(all, { metadata: { ...network, ...metadata } });
      return { name: 'encoder.safetensors', bytes: bytes as Uint8Array<ArrayBuffer> };
    }
    case 'onnx': {
      const bytes = await exportONNX(readout.model, { names: { h: 'readout' } });
      return { name: 'encoder.onnx', bytes: bytes as Uint8Array<ArrayBuffer> };
    }
    case 'huggingface': {
      requireUnchanged(simclr, readout);
      const files = await huggingFaceFiles(simclr.encoder, { readout });
      return {
        name: 'encoder-transformers.zip',
        bytes: zipSync(Object.fromEntries(files), { level: 0 }) as Uint8Array<ArrayBuffer>,
      };
    }
    case 'tfjs': {
      const plain = toPlainLayersModel(readout.model);
      try {
        return { name: 'encoder-tfjs.zip', bytes: await modelArchive((handler) => plain.save(handler)) };
      } finally {
        plain.dispose();
      }
    }
    case 'checkpoint':
      return { name: 'simclr-checkpoint.zip', bytes: await modelArchive((handler) => simclr.save(handler)) };
    case 'vectors': {
      const { data, shape } = await vectors();
      const metadata = { pictures: JSON.stringify(pictures.names) };
      const bytes = writeSafetensors({ vectors: { data, shape: [...shape] } }, { metadata });
      return { name: 'vectors.safetensors', bytes: bytes as Uint8Array<ArrayBuffer> };
    }
    case 'csv': {
      const text = table(pictures, await vectors(), named);
      return { name: 'vectors.csv', bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> };
    }
  }
}
