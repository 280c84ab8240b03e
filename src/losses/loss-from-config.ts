import { type Scalar, type Tensor2D, tidy, zeros } from '@tensorflow/tfjs-core';
import { asBackendError } from '../errors/backend-failure.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger, receivedMessage } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { fromData } from '../errors/from-data.js';
import { barlowTwinsDefaults, barlowTwinsLoss } from './barlow-twins-loss.js';
import { dclDefaults, dclLoss, dclwDefaults, dclwLoss } from './contrastive/dcl-loss.js';
import { EmbeddingQueue } from './contrastive/embedding-queue.js';
import { ntXentDefaults, ntXentLoss } from './contrastive/nt-xent-loss.js';
import { ntXentQueueDefaults, ntXentQueueLoss } from './contrastive/nt-xent-queue-loss.js';
import {
  supervisedContrastiveDefaults,
  supervisedContrastiveLoss,
} from './contrastive/supervised-contrastive-loss.js';
import type { LossConfig, LossName, LossOptionsByName } from './loss-config.js';
import { vicRegDefaults, vicRegLoss } from './vicreg-loss.js';
import type { ViewLoss } from './view-loss.js';

/** Options of {@link lossFromConfig}. */
export interface LossFromConfigOptions {
  /** Length D of the projections, for a queue. Integer >= 1. */
  dim: number;
  /** Seed of a loss's initial state. Integer >= 0. @defaultValue `0` */
  seed?: number;
}

type Builder<Name extends LossName> = (
  options: Required<LossOptionsByName[Name]>,
  surroundings: LossFromConfigOptions,
) => Omit<ViewLoss, 'name' | 'config'>;

/** In training, a loss is always reduced to its mean. */
const { reduction: _, ...savedNTXentDefaults } = ntXentDefaults;

/** For each loss, the defaults of its options (`undefined` if there is none) and how to build it. */
const losses: {
  [Name in LossName]: {
    defaults: Required<LossOptionsByName[Name]> | Record<keyof LossOptionsByName[Name], unknown>;
    build: Builder<Name>;
  };
} = {
  ntXent: {
    defaults: savedNTXentDefaults,
    build: (options) => ({ compute: (views) => ntXentLoss(views, options) }),
  },
  ntXentQueue: { defaults: { ...ntXentQueueDefaults, queueSize: 4096 }, build: queueLoss },
  dcl: {
    defaults: dclDefaults,
    build: (options) => ({ compute: (views) => dclLoss(views, options) }),
  },
  dclw: {
    defaults: dclwDefaults,
    build: (options) => ({ compute: (views) => dclwLoss(views, options) }),
  },
  supervisedContrastive: {
    defaults: supervisedContrastiveDefaults,
    build: (options) => ({
      needsLabels: true,
      compute: (views, { labels }) => supervisedContrastiveLoss(views, labels!, options),
    }),
  },
  vicReg: {
    defaults: vicRegDefaults,
    build: (options) => ({ compute: (views) => vicRegLoss(views, options) }),
  },
  barlowTwins: {
    defaults: barlowTwinsDefaults,
    build: (options) => ({ compute: (views) => barlowTwinsLoss(views, options) }),
  },
};

/** Whether a loss of this library has a temperature; `false` for a name that is not one. */
export function hasTemperature(name: string): boolean {
  return Object.hasOwn(losses, name) && Object.hasOwn(losses[name as LossName].defaults, 'temperature');
}

/** The names that a {@link LossConfig} may have. */
const lossNames = Object.keys(losses) as readonly LossName[];

/**
 * Builds a loss from plain data, which may have been through JSON.
 *
 * @param config - A name, or a name with options.
 * @param options - Length of the projections, and a seed for a queue.
 * @returns The loss; its `config` has every default filled in. The caller disposes it if it has `dispose`.
 * @throws {@link InvalidOptionError} when the name or an option is unknown, or an option is outside its domain.
 * @example
 * const loss = lossFromConfig({ name: 'dcl', temperature: 0.1 }, { dim: 64 });
 * const value = loss.compute([view1, view2], {});
 */
export function lossFromConfig(config: LossConfig | LossName, options: LossFromConfigOptions): ViewLoss {
  checkKeys('lossFromConfig', options, { dim: 1, seed: 1 });
  const { name, filled } = fromData('lossFromConfig', 'config', config, () => filledConfig(config, options));
  const loss: ViewLoss = {
    name,
    config: { name, ...filled } as LossConfig,
    ...(losses[name].build as Builder<LossName>)(filled as never, options),
  };
  try {
    // Each function checks its own options: call it now, not after the first batch was decoded. Any other failure is the
    // backend's.
    tidy(() => {
      const view = zeros([2, options.dim]) as Tensor2D;
      loss.compute([view, view], { labels: [0, 1] });
    });
  } catch (error) {
    loss.dispose?.();
    throw asBackendError(error);
  }
  return loss;
}

/** The given options, with defaults for the others. */
function filledConfig(
  config: LossConfig | LossName,
  options: LossFromConfigOptions,
): { name: LossName; filled: Record<string, unknown> } {
  const caller = 'lossFromConfig';
  const { name, ...given } = typeof config === 'string' ? ({ name: config } as LossConfig) : (config ?? {});
  if (!Object.hasOwn(losses, String(name))) {
    const expectation = `name must be one of ${lossNames.join(', ')}`;
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'name', name));
  }
  checkInteger(caller, 'dim', options?.dim);
  const defaults = losses[name].defaults as Record<string, unknown>;
  for (const option of Object.keys(given)) {
    if (Object.hasOwn(defaults, option)) continue;
    const expectation = `the options of ${name} are ${Object.keys(defaults).join(', ')}`;
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'option', option));
  }
  const filled: Record<string, unknown> = {};
  for (const [option, value] of Object.entries({ ...defaults, ...given })) {
    const used = value === undefined ? defaults[option] : value;
    if (used !== undefined) filled[option] = used;
  }
  return { name, filled };
}

function queueLoss(
  { temperature, queueSize }: Required<LossOptionsByName['ntXentQueue']>,
  { dim, seed = 0 }: LossFromConfigOptions,
): ReturnType<Builder<'ntXentQueue'>> {
  checkInteger('lossFromConfig', 'queueSize', queueSize);
  const queue = new EmbeddingQueue({ size: queueSize, dim, seed });
  return {
    compute: ([anchors, positives, ...others]): Scalar => {
      if (others.length > 0) {
        throw new InvalidOptionError(
          `ntXentQueue: there must be two views, one to learn from and one for the queue. Received: ${2 + others.length} views.`,
        );
      }
      return ntXentQueueLoss(anchors!, positives!, queue.rows, { temperature });
    },
    afterStep: ([, positives]) => queue.enqueue(positives!),
    capture: () => ({ tensors: { queue: queue.rows.clone() } }),
    restore: ({ tensors: { queue: rows } }) => {
      if (!rows) throw new ShapeError('ntXentQueue: the state must have a queue. Received: none.');
      queue.restore(rows as Tensor2D);
    },
    dispose: () => queue.dispose(),
  };
}
