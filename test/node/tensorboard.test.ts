import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { type Callback, simclrAugmentation } from 'simclr-ts';
import { tensorBoard } from 'simclr-ts/node';
import { describe, expect, it } from 'vitest';
import { DataError, InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import { type EventContent, event } from '../../src/node/tensorboard/events.js';
import { crc32c, tfRecord } from '../../src/node/tensorboard/tf-records.js';
import { type Fields, fieldsOf, messages, texts } from '../interop/protobuf-reader.js';
import { tinyPictures, tinySimCLR } from '../training/tiny.js';
import { temporaryFolder } from './temporary.js';

// That TensorBoard reads the files is tested by test/interop/python.

interface Golden {
  seconds: number;
  checksums: { data: string; masked: number }[];
  events: (Record<string, unknown> & { step: number; record: string })[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../fixtures/node/tensorboard.json', import.meta.url), 'utf8'),
);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('event files', () => {
  it.each(golden.checksums)('the checksum of $data is that of TensorBoard', ({ data, masked }) => {
    const bytes = Buffer.from(data, 'hex');
    const record = tfRecord(bytes);
    expect(new DataView(record.buffer).getUint32(12 + bytes.length, true)).toBe(masked);
  });

  it('CRC-32C has the check value of its standard (RFC 3720, appendix B.4)', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  });

  it.each(golden.events)('an event is byte for byte that of TensorBoard: $record', (item) => {
    const { step, record, ...content } = item;
    const image = content.image as { png: string } | undefined;
    const given = image
      ? { ...content, image: { ...image, png: new Uint8Array(Buffer.from(image.png, 'hex')) } }
      : content;
    expect(hex(tfRecord(event(golden.seconds, step, given as unknown as EventContent)))).toBe(record);
  });
});

interface ReadEvent {
  step: number;
  version?: string;
  start?: true;
  scalars: Record<string, number>;
  image?: Uint8Array;
}

/** The events of a file, whose checksums are checked. */
function readEvents(file: string): ReadEvent[] {
  const bytes = new Uint8Array(readFileSync(file));
  const view = new DataView(bytes.buffer);
  const events: ReadEvent[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const length = view.getUint32(offset, true);
    const data = bytes.slice(offset + 12, offset + 12 + length);
    expect(hex(tfRecord(data))).toBe(hex(bytes.subarray(offset, offset + 16 + length)));
    // Its float64 is not for the reader of ONNX files.
    events.push(readEvent(fieldsOf(data.subarray(9))));
    offset += 16 + length;
  }
  return events;
}

function readEvent(fields: Fields): ReadEvent {
  const [summary] = messages(fields, 5);
  const values = summary ? messages(summary, 1) : [];
  const scalars = values.flatMap((value) => {
    const bytes = value.get(2)?.[0] as Uint8Array | undefined;
    if (bytes === undefined) return [];
    return [[texts(value, 1)[0]!, new DataView(bytes.slice().buffer).getFloat32(0, true)] as const];
  });
  const image = values.flatMap((value) => messages(value, 4))[0];
  return {
    step: (fields.get(2)?.[0] as number) ?? 0,
    ...(fields.has(3) && { version: texts(fields, 3)[0]! }),
    ...(fields.has(7) && { start: true as const }),
    scalars: Object.fromEntries(scalars),
    ...(image && { image: image.get(4)![0] as Uint8Array }),
  };
}

const eventFiles = (folder: string) => readdirSync(folder).filter((name) => name.includes('tfevents'));

describe('tensorBoard', () => {
  it('writes scalars, views and embeddings, and continues the axis', async () => {
    const folder = join(temporaryFolder(), 'logs');
    const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
    const simclr = tinySimCLR({ normalization });
    const pictures = tinyPictures(8);
    const measure: Callback = {
      onEpochEnd(epoch) {
        epoch.metrics.online_knn = 0.25 * (epoch.epoch + 1);
      },
    };
    const labels = Array.from({ length: 8 }, (_, index) => `picture\t${index}`);
    const board = tensorBoard(folder, { views: 3, projector: { images: pictures, labels } });
    const before = memory().numTensors;
    const fit = { batchSize: 4, callbacks: [measure, board] };
    const first = await simclr.fit(pictures, { ...fit, epochs: 2 });
    const kept = memory().numTensors; // the optimizer's state was made
    const second = await simclr.fit(pictures, fit);
    expect(memory().numTensors).toBe(kept);
    expect(kept).toBeGreaterThanOrEqual(before);
    simclr.dispose();

    const files = eventFiles(folder).map((name) => readEvents(join(folder, name)));
    expect(files).toHaveLength(2);
    const all = [...first.steps, ...second.steps];
    for (const [index, events] of files.entries()) {
      expect(events[0]).toMatchObject({ step: 0, version: 'brain.Event:2' });
      expect(events[1]).toMatchObject({ step: 4 * index, start: true });
      const views = events.filter(({ image }) => image);
      expect(views.map(({ step }) => step)).toEqual([4 * index]);
      const { width, height } = await sharp(views[0]!.image!).metadata();
      expect([height, width]).toEqual([3 * 8 + 2 * 2, 2 * 8 + 2]);
      const ofSteps = events.filter(({ scalars }) => 'train/loss' in scalars);
      expect(ofSteps.map(({ step }) => step)).toEqual(index === 0 ? [0, 1, 2, 3] : [4, 5]);
      for (const { step, scalars } of ofSteps) {
        expect(scalars['train/loss']).toBe(Math.fround(all[step]!.loss));
        expect(scalars['train/learning_rate']).toBe(Math.fround(all[step]!.learningRate));
      }
    }
    const epochs = files.flat().filter(({ scalars }) => 'epoch/loss' in scalars);
    expect(epochs.map(({ step, scalars }) => [step, scalars['epoch/online_knn']])).toEqual([
      [1, 0.25],
      [3, 0.5],
      [5, 0.75],
    ]);

    expect(readFileSync(join(folder, 'projector_config.pbtxt'), 'utf8')).toContain('projector/labels.tsv');
    const rows = readFileSync(join(folder, 'projector/h.tsv'), 'utf8').trim().split('\n');
    expect(rows.map((row) => row.split('\t').length)).toEqual(Array(8).fill(8));
    expect(readFileSync(join(folder, 'projector/labels.tsv'), 'utf8')).toMatch(/^picture 0\npicture 1\n/);
    expect(await sharp(join(folder, 'projector/pictures.png')).metadata()).toMatchObject({
      width: 96,
      height: 96,
    });
  });

  it('draws views as they are before normalization', async () => {
    const folder = temporaryFolder();
    const simclr = tinySimCLR({
      augmentation: simclrAugmentation({ size: 8, blur: false, strength: 0 }),
      normalization: { mean: [0.5, 0.4, 0.3], std: [0.25, 0.3, 0.35] },
    });
    const pictures = { data: new Float32Array(4 * 192).fill(0.6), shape: [4, 8, 8, 3] as const };
    await simclr.fit(pictures, { batchSize: 4, callbacks: [tensorBoard(folder, { views: 1 })] });
    simclr.dispose();
    const [file] = eventFiles(folder);
    const png = readEvents(join(folder, file!)).find(({ image }) => image)!.image!;
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([info.height, info.width]).toEqual([8, 18]);
    const row = Array.from({ length: 18 }, (_, x) => [...data.subarray(3 * x, 3 * x + 3)]);
    const [color, white] = [
      [153, 153, 153],
      [255, 255, 255],
    ];
    expect(row).toEqual([...Array(8).fill(color), white, white, ...Array(8).fill(color)]);
  });

  it('writes every few steps, no pictures without views, and none of what is not known', async () => {
    const folder = temporaryFolder();
    const board = tensorBoard(folder, { everySteps: 2, views: 0 });
    const context = { simclr: { progress: { step: 0 } } } as never;
    await board.onFitStart!({ epochs: 1, batchSize: 2 }, context);
    for (let step = 0; step < 4; step++) {
      const record = { step, epoch: 0, loss: step, learningRate: Number.NaN, seconds: 1, pairs: 2 };
      await board.onStepEnd!(record, context);
    }
    await board.onFitEnd!('completed', context);
    await board.onFitEnd!('failed', context);
    const [file] = eventFiles(folder);
    const events = readEvents(join(folder, file!)).slice(2);
    expect(events).toEqual([
      { step: 0, scalars: { 'train/loss': 0, 'train/pairs_per_second': 2 } },
      { step: 2, scalars: { 'train/loss': 2, 'train/pairs_per_second': 2 } },
    ]);
  });

  it('continues the axis of an earlier trainer of the run', async () => {
    const folder = temporaryFolder();
    const simclr = tinySimCLR();
    const pictures = tinyPictures(8);
    const before = { step: 5, epoch: 2, batch: 0, seconds: 3 }; // the progress of another trainer
    await simclr.fit(pictures, { batchSize: 4, callbacks: [tensorBoard(folder, { views: 2, before })] });
    simclr.dispose();
    const [file] = eventFiles(folder);
    const events = readEvents(join(folder, file!));
    expect(events.filter(({ scalars }) => scalars?.['train/loss']).map(({ step }) => step)).toEqual([5, 6]);
    expect(events.find(({ image }) => image)!.step).toBe(5);
    expect(() => tensorBoard(folder, { before: { step: -1, epoch: 0 } })).toThrow(/before\.step/);
    expect(() => tensorBoard(folder, { before: { steps: 1 } as never })).toThrow(/steps/);
  });

  it('refuses what is not a folder, and options outside their domain', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const simclr = tinySimCLR();
    const fit = simclr.fit(tinyPictures(4), { batchSize: 4, callbacks: [tensorBoard(file, { views: 0 })] });
    await expect(fit).rejects.toThrow(DataError);
    simclr.dispose();
    rmSync(file);
    expect(() => tensorBoard('logs', { views: -1 })).toThrow(InvalidOptionError);
    expect(() => tensorBoard('logs', { everySteps: 0 })).toThrow(InvalidOptionError);
    const images = tinyPictures(2);
    expect(() => tensorBoard('logs', { projector: { images, labels: ['one'] } })).toThrow(ShapeError);
    expect(() => tensorBoard('logs', { projector: { images: { ...images, shape: [3, 8, 8, 3] } } })).toThrow(
      ShapeError,
    );
  });
});
