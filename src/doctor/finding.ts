/** What can be wrong: see the guide for what each means and when it is said. */
export type FindingCode =
  | 'temperature'
  | 'learning-rate'
  | 'learning-rate-zero'
  | 'initial-loss'
  | 'loss-at-chance'
  | 'identical-views'
  | 'unrelated-views'
  | 'non-finite-projections'
  | 'constant-projections'
  | 'collapsed-projections'
  | 'low-rank-projections'
  | 'unnormalized-projections'
  | 'statistics-leak'
  | 'dead-relu'
  | 'vanishing-gradient'
  | 'exploding-gradient';

/** Something wrong with a training run. */
export interface Finding {
  /** Which of the doctor's checks. */
  code: FindingCode;
  /** `'error'`: this run learns nothing of use as it is; `'warning'`: it probably learns less than it could. */
  severity: 'error' | 'warning';
  /** Optimizer steps that the trainer had done. */
  step: number;
  /** What is wrong, in a sentence with its numbers. */
  message: string;
  /** What to do about it, in a sentence. */
  remedy: string;
  /** The numbers behind it. */
  evidence: Record<string, number | string>;
}

/** A finding before it is known when it was made. */
export type Diagnosis = Omit<Finding, 'step'> & {
  /** Whether one look is enough, since chance has no part in it. */
  certain: boolean;
};

/**
 * What is only a consequence: where one of the causes is found too, it alone is spoken of.
 */
const causes: Partial<Record<FindingCode, readonly FindingCode[]>> = {
  'constant-projections': ['dead-relu'],
  'collapsed-projections': ['constant-projections', 'dead-relu', 'learning-rate-zero'],
  'low-rank-projections': ['constant-projections', 'collapsed-projections', 'dead-relu'],
  'vanishing-gradient': ['constant-projections', 'collapsed-projections', 'dead-relu', 'learning-rate'],
  'exploding-gradient': ['learning-rate'],
  'initial-loss': [
    'non-finite-projections',
    'identical-views',
    'unrelated-views',
    'temperature',
    'constant-projections',
    'statistics-leak',
    'learning-rate',
  ],
  'loss-at-chance': [
    'non-finite-projections',
    'constant-projections',
    'collapsed-projections',
    'low-rank-projections',
    'dead-relu',
    'learning-rate',
    'learning-rate-zero',
    'unrelated-views',
    'vanishing-gradient',
    'exploding-gradient',
    'temperature',
  ],
};

/** Leaves out the findings that another of `found`, or one of `known`, explains. */
export function withoutConsequences<F extends { code: FindingCode }>(
  found: readonly F[],
  known: ReadonlySet<FindingCode> = new Set(),
): F[] {
  const codes = new Set([...known, ...found.map(({ code }) => code)]);
  return found.filter(({ code }) => !causes[code]?.some((cause) => codes.has(cause)));
}
