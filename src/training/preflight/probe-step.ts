import { type Tensor, type Tensor4D, tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { augment, type Transform } from '../../augmentations/index.js';
import type { ViewLoss } from '../../losses/index.js';
import { layerCalls, shapesAt } from '../../models/layer-graph.js';
import { trainableVariables } from '../../models/named-weights.js';
import { projectViews } from '../../models/project-views.js';
import { rememberStatistics } from '../../models/running-statistics.js';
import { batchRandom, randomGenerator } from '../../random/index.js';
import { encoderInput, sizeOfViews } from '../options/input-size.js';
import { type Needs, observeGradients } from './observe.js';

/** The parts that a step would run. */
export interface ProbedParts {
  encoder: LayersModel;
  projectionHead?: LayersModel | undefined;
  loss?: ViewLoss | undefined;
  augmentations?: readonly Transform<unknown>[] | undefined;
  viewBatching?: 'joint' | 'separate' | undefined;
}

/** Two pictures: without another one there is no negative. */
const count = 2;

/**
 * Notes what a step of these parts needs of the backend. Pictures are as small as the encoder takes them, whatever it
 * was made for; no weight, statistic or state of the parts changes.
 */
export function probeStep(parts: ProbedParts, needs: Needs): void {
  const { encoder } = parts;
  const [height, width, channels] = probedInput(parts);
  const models = [encoder, parts.projectionHead].filter((model) => model !== undefined);
  const statistics = rememberStatistics(...models);
  try {
    for (const size of probeSizes(encoder, [height, width])) {
      const probe = () => forwardAndBackward(parts, [...size, channels], needs);
      if (passes(() => needs.observeLayers(models, probe)) || needs.lack) break;
    }
  } finally {
    statistics.restore();
    statistics.dispose();
  }
  for (const transform of new Set(parts.augmentations ?? [])) {
    passes(() => needs.observe(() => tidy(() => void applyTo(transform, height, width, channels))));
  }
}

/** Largest picture that is tried where neither the encoder nor an augmentation says a size. */
const unknownSize = 64;

/** The encoder's input; where it takes any size, that of the first view. */
function probedInput({ encoder, augmentations = [] }: ProbedParts): [number, number, number] {
  const [height, width, channels] = encoderInput('checkBackend', encoder);
  const size = augmentations[0] && sizeOfViews(augmentations[0]);
  return [height ?? size?.[0] ?? unknownSize, width ?? size?.[1] ?? unknownSize, channels];
}

/** Whether it succeeds. A missing kernel is noted; any other failure shows in the step itself. */
function passes(body: () => void): boolean {
  try {
    body();
    return true;
  } catch {
    return false;
  }
}

/** Small pictures first: most encoders end in a mean over all places and take any size. */
function* probeSizes(encoder: LayersModel, [height, width]: [number, number]): Generator<[number, number]> {
  const largest = Math.max(height, width);
  for (let size = 8; size < largest; size *= 2) {
    const small: [number, number] = [Math.min(size, height), Math.min(size, width)];
    if (takes(encoder, small)) yield small;
  }
  yield [height, width];
}

/**
 * Whether every layer has something left of pictures of a size. A pool with a window larger than its maps has not, and
 * some backends then write where they must not.
 */
function takes(encoder: LayersModel, size: [number, number]): boolean {
  try {
    const shapes = shapesAt(layerCalls('checkBackend', encoder), size);
    return [...shapes.values()].every((shape) => shape.every((length) => length === null || length >= 1));
  } catch {
    return false;
  }
}

function forwardAndBackward(parts: ProbedParts, shape: [number, number, number], needs: Needs): void {
  const { encoder, projectionHead, loss, viewBatching = 'joint' } = parts;
  const models = [encoder, projectionHead].filter((model) => model !== undefined);
  tidy(() => {
    const views = [0, 1].map((view) => pictures(view, shape));
    observeGradients(needs, trainableVariables(...models), () => {
      if (!projectionHead) return encoder.apply(views[0]!, { training: true }) as Tensor;
      const projections = projectViews(views, { encoder, projectionHead, viewBatching });
      return loss ? loss.compute(projections, { labels: [0, 1] }) : projections[0]!;
    });
  });
}

function pictures(view: number, [height, width, channels]: [number, number, number]): Tensor4D {
  const random = randomGenerator(view);
  const values = Float32Array.from({ length: count * height * width * channels }, () => random.uniform());
  return tensor(values, [count, height, width, channels]);
}

function applyTo(transform: Transform<unknown>, height: number, width: number, channels: number): Tensor4D {
  const random = batchRandom({ seed: 0, epoch: 0, indices: [0, 1], view: 0 });
  return augment(transform, zeros([count, height, width, channels]) as Tensor4D, random);
}
