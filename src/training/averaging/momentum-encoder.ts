import {
  add,
  mul,
  sub,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../../errors/check-keys.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { copyWeights, sameArchitecture } from '../../models/copy-model.js';
import { allWeights, variableOf } from '../../models/named-weights.js';
import { projectViews } from '../../models/project-views.js';
import { clonesOf } from '../../tensors/clones-of.js';
import type { PartState, StatefulPart } from '../../tensors/stateful-part.js';

/** Options of {@link MomentumEncoder}. */
export interface MomentumEncoderOptions {
  /**
   * Share of a weight that stays at each update, from 0 to 1.
   *
   * @defaultValue `0.999`, MoCo's; BYOL rises from 0.996 to 1 along a cosine
   */
  momentum?: number;
  /** Whether views of the same size share one pass, or each view has its own. @defaultValue `'joint'` */
  viewBatching?: 'joint' | 'separate';
}

/** The networks that a {@link MomentumEncoder} follows. */
export interface FollowedNetworks {
  /** f: pictures to representations h. */
  encoder: LayersModel;
  /** g: representations h to projections z. */
  projectionHead: LayersModel;
}

/**
 * A copy of encoder and projection head that follows them slowly, and is not trained itself: the key encoder of MoCo, the
 * target network of BYOL.
 *
 * After each step, every trained weight becomes `momentum` times itself plus (1 - `momentum`) times the followed one.
 * Running statistics of batch normalization are its own, from its own passes in training mode, as in MoCo and lightly.
 *
 * @example
 * const keys = await MomentumEncoder.of({ encoder, projectionHead }, { momentum: 0.99 });
 * const [key] = keys.project([view2]); // no gradient flows into it
 * // ... loss, gradients, applyGradients ...
 * keys.update();
 * @see He et al. 2020, arXiv:1911.05722, equation 2; Grill et al. 2020, arXiv:2006.07733, equation 1.
 */
export class MomentumEncoder implements StatefulPart {
  /** The copy of f. */
  readonly encoder: LayersModel;
  /** The copy of g. */
  readonly projectionHead: LayersModel;
  /** Share of a weight that stays at each update. */
  readonly momentum: number;

  private constructor(
    private readonly followed: FollowedNetworks,
    copies: FollowedNetworks,
    momentum: number,
    private readonly viewBatching: 'joint' | 'separate',
  ) {
    this.encoder = copies.encoder;
    this.projectionHead = copies.projectionHead;
    this.momentum = momentum;
  }

  /**
   * Copies the networks with their present weights.
   *
   * @param networks - They stay yours.
   * @returns The copy. Dispose of it with `dispose()`.
   * @throws {@link InvalidOptionError} when an option is outside its domain.
   * @throws {@link ShapeError} when tfjs cannot rebuild a network from its configuration.
   */
  static async of(
    networks: FollowedNetworks,
    options: MomentumEncoderOptions = {},
  ): Promise<MomentumEncoder> {
    const caller = 'MomentumEncoder.of';
    checkKeys(caller, options, { momentum: 1, viewBatching: 1 });
    const { momentum = 0.999, viewBatching = 'joint' } = options;
    checkMomentum(caller, momentum);
    const { encoder, projectionHead } = networks;
    const copy = await sameArchitecture(caller, encoder);
    let head: LayersModel | undefined;
    try {
      head = await sameArchitecture(caller, projectionHead);
      copyWeights(encoder.layers, copy.layers);
      copyWeights(projectionHead.layers, head.layers);
    } catch (error) {
      copy.dispose();
      head?.dispose();
      throw error;
    }
    const copies = { encoder: copy, projectionHead: head };
    return new MomentumEncoder({ encoder, projectionHead }, copies, momentum, viewBatching);
  }

  /**
   * Projections of views, in training mode and without a gradient. Call it outside of the function that is differentiated.
   *
   * @param views - float32 `[N, H, W, C]`, as the encoder expects them. Not disposed.
   * @returns A tensor `[N, D]` for each view. The caller disposes them.
   */
  project(views: readonly Tensor4D[]): Tensor2D[] {
    const { encoder, projectionHead, viewBatching } = this;
    return tidy(() => projectViews(views, { encoder, projectionHead, viewBatching }));
  }

  /**
   * Moves the copy's weights towards the followed ones.
   *
   * @param momentum - Share that stays, from 0 to 1, for this update.
   * @throws {@link InvalidOptionError} when `momentum` is outside its domain.
   */
  update(momentum: number = this.momentum): void {
    checkMomentum('MomentumEncoder.update', momentum);
    const followed = trainedWeights(this.followed);
    const own = new Map([...allWeights(this)].map(([name, weight]) => [name, variableOf(weight)]));
    tidy(() => {
      for (const [name, weight] of followed) {
        const target = own.get(name)!;
        target.assign(add(target, mul(sub(weight, target), 1 - momentum)));
      }
    });
  }

  /** The copy's weights: tensors by the names of networks, layers and weights. The caller disposes them. */
  capture(): PartState {
    const tensors = clonesOf(() =>
      Object.fromEntries([...allWeights(this)].map(([name, weight]) => [name, weight.read().clone()])),
    );
    return { tensors };
  }

  /**
   * Takes over what `capture` returned.
   *
   * @throws {@link ShapeError} when it is not of such networks.
   */
  restore({ tensors }: Pick<Required<PartState>, 'tensors'>): void {
    const weights = [...allWeights(this)];
    const wrong = weights.find(([name, { shape }]) => String(tensors[name]?.shape) !== String(shape));
    if (wrong) {
      throw new ShapeError(
        `MomentumEncoder.restore: the state must have a tensor of shape [${wrong[1].shape}] for ${wrong[0]}. Received: ${describe(tensors[wrong[0]])}.`,
      );
    }
    for (const [name, weight] of weights) weight.write(tensors[name]!);
  }

  /** Frees the copy. */
  dispose(): void {
    this.encoder.dispose();
    this.projectionHead.dispose();
  }
}

/** The weights that training changes by a gradient, by their stable names. */
function trainedWeights(networks: FollowedNetworks): Map<string, Variable> {
  const trained = new Set(
    [networks.encoder, networks.projectionHead].flatMap((model) => model.trainableWeights),
  );
  const all = [...allWeights(networks)].filter(([, weight]) => trained.has(weight));
  return new Map(all.map(([name, weight]) => [name, variableOf(weight)]));
}

function describe(tensor: Tensor | undefined): string {
  return tensor ? `one of [${tensor.shape}]` : 'none';
}

function checkMomentum(caller: string, momentum: number): void {
  if (typeof momentum === 'number' && momentum >= 0 && momentum <= 1) return;
  throw new InvalidOptionError(
    receivedMessage(caller, 'momentum must be a number from 0 to 1', 'momentum', momentum),
  );
}
