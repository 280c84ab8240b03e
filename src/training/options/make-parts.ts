import type { LayersModel } from '@tensorflow/tfjs-layers';
import { simclrAugmentation } from '../../augmentations/index.js';
import { describeValue } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { joinedStages } from '../../features/readout/stage-model.js';
import { lossFromConfig, type ViewLoss } from '../../losses/index.js';
import { checkEncoder, resnet18 } from '../../models/index.js';
import { AdamW } from '../../optimizers/index.js';
import type { TrainerParts } from '../trainer.js';
import { checkViews, isList } from './check-options.js';
import { encoderInput } from './input-size.js';
import { isLossConfig, lossOption } from './loss-option.js';
import type {
  AugmentationConfig,
  EncoderConfig,
  LearningRateConfig,
  OptimizerConfig,
  ProjectionHeadConfig,
} from './part-configs.js';
import {
  buildAugmentation,
  buildEncoder,
  buildOptimizer,
  buildProjectionHead,
  isConfig,
} from './parts-from-data.js';
import type { SimCLROptions } from './simclr-options.js';
import { toViewLoss } from './to-view-loss.js';

const caller = 'SimCLR';

/** Size of the views where the encoder takes any and no other is given: that of `simclrAugmentation`. */
const openSize = 96;

/** The parts of a trainer, and which of them were made rather than given. */
export interface MadeParts extends TrainerParts {
  /** The parts that were made. */
  readonly made: readonly { dispose?(): unknown }[];
  /** How to plan the learning rate once `fit` knows the length of the run. */
  readonly learningRatePlan: LearningRateConfig | undefined;
}

/**
 * Makes the parts that were not given, and checks that all fit together.
 *
 * @throws {@link ShapeError} when they do not; what was made is disposed of then.
 */
export function makeParts(options: SimCLROptions): MadeParts {
  const { seed = 0, views } = options;
  const { optimizer, learningRatePlan } = isConfig<OptimizerConfig>(options.optimizer, 'applyGradients')
    ? buildOptimizer(options.optimizer)
    : {
        optimizer: options.optimizer ?? new AdamW({ learningRate: 3e-4, weightDecay: 0 }),
        learningRatePlan: undefined,
      };
  const encoder = isConfig<EncoderConfig>(options.encoder, 'apply')
    ? buildEncoder(options.encoder, seed)
    : (options.encoder ?? resnet18({ seed }));
  const headConfig: ProjectionHeadConfig = isConfig<ProjectionHeadConfig>(options.projectionHead, 'apply')
    ? options.projectionHead
    : {};
  let head =
    headConfig === options.projectionHead ? undefined : (options.projectionHead as LayersModel | undefined);
  try {
    const inputDim = checkEncoder(encoder, caller);
    const [height, width, channels] = encoderInput(caller, encoder);
    checkNormalization(options, channels);
    const projectFrom = options.projectFrom ?? null;
    const projected = projectFrom === null ? encoder : joinedStages(caller, encoder, projectFrom);
    const projectedDim = projectFrom === null ? inputDim : projected.outputs[0]!.shape[1]!;
    head ??= buildProjectionHead(headConfig, projectedDim, seed + 1);
    checkProjectionHead(head, projectedDim, projectFrom !== null);
    const size = [height ?? openSize, width ?? openSize] as const;
    const augmentation = isConfig<AugmentationConfig>(options.augmentation, 'apply')
      ? buildAugmentation(options.augmentation, size)
      : (options.augmentation ?? simclrAugmentation({ size }));
    if (isList(augmentation)) checkViews(views, augmentation.length);
    const augmentations = isList(augmentation)
      ? [...augmentation]
      : Array.from({ length: views ?? 2 }, () => augmentation);
    const loss = makeLoss(lossOption(options), head, seed);
    const given: unknown[] = [options.encoder, options.projectionHead, options.optimizer, options.loss];
    return {
      encoder,
      projectionHead: head,
      projectFrom,
      projected,
      augmentations,
      normalization: options.normalization ?? null,
      loss,
      customLoss: typeof options.loss === 'function' ? options.loss : undefined,
      optimizer,
      viewBatching: options.viewBatching ?? 'joint',
      seed,
      extraState: options.extraState ?? {},
      made: [encoder, head, optimizer, loss].filter((part) => !given.includes(part)),
      learningRatePlan,
    };
  } catch (error) {
    if (encoder !== options.encoder) encoder.dispose();
    if (head !== options.projectionHead) head?.dispose();
    throw error;
  }
}

function makeLoss(loss: NonNullable<SimCLROptions['loss']>, head: LayersModel, seed: number): ViewLoss {
  if (typeof loss === 'function') return toViewLoss(loss);
  if (typeof loss !== 'string' && !isLossConfig(loss)) return loss;
  try {
    return lossFromConfig(loss, { dim: head.outputs[0]!.shape[1]!, seed });
  } catch (cause) {
    if (!isError(cause, 'InvalidOptionError')) throw cause;
    throw new InvalidOptionError(`${caller}: loss must be one of this library. ${cause.message}`, { cause });
  }
}

function checkNormalization({ normalization }: SimCLROptions, channels: number): void {
  if (normalization && normalization.mean.length !== channels) {
    throw new InvalidOptionError(
      `${caller}: normalization must have one mean and one std for each of the encoder's ${channels} channels. Received: normalization.mean=${describeValue(normalization.mean)}.`,
    );
  }
}

function checkProjectionHead(head: LayersModel, inputDim: number, ofStages: boolean): void {
  const input = head.inputs?.[0]?.shape;
  const output = head.outputs?.[0]?.shape;
  if (input?.length !== 2 || input[1] !== inputDim || output?.length !== 2) {
    const received = (shape?: (number | null)[]) => `[${shape?.map((size) => size ?? 'null')}]`;
    throw new ShapeError(
      `${caller}: projectionHead must take ${ofStages ? 'the stages of projectFrom' : "the encoder's output"} [N, ${inputDim}] and give [N, D]. ` +
        `Received: projectionHead from ${received(input)} to ${received(output)}.`,
    );
  }
}
