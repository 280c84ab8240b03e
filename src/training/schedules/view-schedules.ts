import { type ImageSize, type Transform, transformFromConfig } from '../../augmentations/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkNonNegative, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { changedConfig } from './changed-config.js';

/** Progressive resizing: views grow from stage to stage. */
export interface SizeSchedule {
  /** Size of the first view in the first stage, in pixels; one number for a square. Other views shrink alike. */
  from: number | ImageSize;
  /**
   * Size of the first view in the last stage, in pixels: at most its own.
   *
   * @defaultValue the augmentation's own size
   */
  to?: number | ImageSize;
  /**
   * Stages of equal length, >= 2. Sizes between the first and the last are multiples of 4.
   *
   * @defaultValue `4`, as in EfficientNetV2
   */
  stages?: number;
}

/** Strength of the color jitter over the run, as a factor of the augmentation's own. */
export interface StrengthSchedule {
  /** Factor at the beginning: a finite number >= 0. */
  from: number;
  /**
   * Factor at the end: a finite number >= 0.
   *
   * @defaultValue `1`: the augmentation's own strength
   */
  to?: number;
}

/** How views change over the share of a run that is done, by steps or by the clock. */
export interface ViewSchedules {
  /** Small views first. @defaultValue the augmentation's own size throughout */
  size?: SizeSchedule;
  /** Weak colors first. @defaultValue the augmentation's own strength throughout */
  strength?: StrengthSchedule;
}

/**
 * What makes the views of a step, given the share of the run that is done, from 0 to 1: one transform for all views, or one
 * for each.
 */
export type AugmentationSchedule = (share: number) => Transform<unknown> | readonly Transform<unknown>[];

/** What settings say of a schedule; `'custom'` for a function. */
export type SchedulesSettings =
  | 'custom'
  | { size: Required<SizeSchedule> | null; strength: Required<StrengthSchedule> | null };

const caller = 'SimCLR.fit';
const shapeOf = (size: number | ImageSize): ImageSize => (typeof size === 'number' ? [size, size] : size);

/** Makes the views of each step of a run. */
export class ScheduledViews {
  private last: { key: string; made: readonly Transform<unknown>[] } | undefined;

  private constructor(
    private readonly own: readonly Transform<unknown>[],
    private readonly schedule: AugmentationSchedule | ViewSchedules,
    /** What a checkpoint says of it. */
    readonly settings: SchedulesSettings,
  ) {}

  /**
   * @param own - The augmentations of the trainer.
   * @throws {@link InvalidOptionError} when an option is unknown or outside its domain, sizes do not grow up to at most
   * the augmentation's own, or the augmentation has no such setting.
   */
  static of(
    own: readonly Transform<unknown>[],
    schedules: AugmentationSchedule | ViewSchedules | undefined,
  ): ScheduledViews | undefined {
    if (schedules === undefined) return undefined;
    if (typeof schedules === 'function') return new ScheduledViews(own, schedules, 'custom');
    checkKeys(caller, schedules, { size: 1, strength: 1 }, 'schedules');
    const size = schedules.size ? checkedSize(own, schedules.size) : null;
    const strength = schedules.strength ? checkedStrength(own, schedules.strength) : null;
    return new ScheduledViews(own, schedules, { size, strength });
  }

  /** What makes each view after a share of the run, from 0 to 1. */
  at(share: number): readonly Transform<unknown>[] {
    if (typeof this.schedule === 'function') return this.checked(this.schedule(share));
    const { size, strength } = this.settings as Exclude<SchedulesSettings, 'custom'>;
    const factors = size && sizeFactors(this.own, size, share);
    const factor = strength === null ? 1 : strength.from + (strength.to - strength.from) * share;
    const key = `${factors} ${factor}`;
    if (this.last?.key === key) return this.last.made;
    const made = new Map<Transform<unknown>, Transform<unknown>>();
    for (const transform of new Set(this.own)) {
      const change = { ...(factors && { size: factors }), ...(strength && { strength: factor }) };
      made.set(transform, transformFromConfig(changedConfig(transform.config!, change).config));
    }
    this.last = { key, made: this.own.map((transform) => made.get(transform)!) };
    return this.last.made;
  }

  private checked(given: ReturnType<AugmentationSchedule>): readonly Transform<unknown>[] {
    const views = Array.isArray(given)
      ? (given as readonly Transform<unknown>[])
      : this.own.map(() => given as Transform<unknown>);
    const isTransform = (view: Partial<Transform<unknown>> | undefined) =>
      typeof view?.sample === 'function' && typeof view.apply === 'function';
    if (views.length === this.own.length && views.every(isTransform)) return views;
    throw new InvalidOptionError(
      receivedMessage(
        caller,
        `schedules must return a transform, or one for each of ${this.own.length} views`,
        'schedules(share)',
        Array.isArray(given) ? given.length : given,
      ),
    );
  }
}

/** Factors of height and width of every view. */
function sizeFactors(
  own: readonly Transform<unknown>[],
  { from, to, stages }: Required<SizeSchedule>,
  share: number,
): ImageSize {
  const stage = Math.min(Math.floor(share * stages), stages - 1);
  const [first, last, full] = [shapeOf(from), shapeOf(to), sizeOf(own)];
  return [0, 1].map((axis) => {
    const size = first[axis]! + ((last[axis]! - first[axis]!) * stage) / (stages - 1);
    const isEnd = stage === 0 || stage === stages - 1;
    const pixels = isEnd ? size : Math.min(last[axis]!, Math.max(first[axis]!, 4 * Math.round(size / 4)));
    return pixels / full[axis]!;
  }) as unknown as ImageSize;
}

/** Size of the first view. */
function sizeOf(own: readonly Transform<unknown>[]): ImageSize {
  return changedConfig(own[0]!.config!, {}).sizes[0]!;
}

/** @throws {@link InvalidOptionError} unless every view is made by a transform of this library that has the setting. */
function checkChangeable(own: readonly Transform<unknown>[], what: 'size' | 'strength', part: string): void {
  for (const { name, config } of own) {
    const found = config && changedConfig(config, {});
    if (found && (what === 'size' ? found.sizes.length > 0 : found.hasStrength)) continue;
    throw new InvalidOptionError(
      `${caller}: schedules.${what} takes an augmentation of this library with ${part}; for others, pass a function as schedules. Received: ${name}.`,
    );
  }
}

function checkedSize(own: readonly Transform<unknown>[], schedule: SizeSchedule): Required<SizeSchedule> {
  checkKeys(caller, schedule, { from: 1, to: 1, stages: 1 }, 'schedules.size');
  checkChangeable(own, 'size', 'a random resized crop');
  const full = sizeOf(own);
  const { from, to = full, stages = 4 } = schedule;
  checkInteger(caller, 'schedules.size.stages', stages, 2);
  for (const [name, size] of Object.entries({ from, to })) {
    const sides = Array.isArray(size) ? size : [size, size];
    if (sides.length !== 2 || !sides.every((side) => Number.isInteger(side) && side >= 1)) {
      const expectation = `schedules.size.${name} must be an integer >= 1 or a pair [height, width] of them`;
      throw new InvalidOptionError(receivedMessage(caller, expectation, `schedules.size.${name}`, size));
    }
  }
  const [first, last] = [shapeOf(from), shapeOf(to)];
  if (last.some((side, axis) => side > full[axis]!)) {
    throw new InvalidOptionError(
      `${caller}: schedules.size.to must be at most the size of the augmentation's views, [${full}]; give the augmentation a larger size. Received: schedules.size.to=[${last}].`,
    );
  }
  if (first.some((side, axis) => side > last[axis]!)) {
    throw new InvalidOptionError(
      `${caller}: schedules.size.from must be at most the size at the end, [${last}]. Received: schedules.size.from=[${first}].`,
    );
  }
  return { from: first, to: last, stages };
}

function checkedStrength(
  own: readonly Transform<unknown>[],
  schedule: StrengthSchedule,
): Required<StrengthSchedule> {
  checkKeys(caller, schedule, { from: 1, to: 1 }, 'schedules.strength');
  const { from, to = 1 } = schedule;
  checkNonNegative(caller, 'schedules.strength.from', from);
  checkNonNegative(caller, 'schedules.strength.to', to);
  checkChangeable(own, 'strength', 'color jitter');
  return { from, to };
}
