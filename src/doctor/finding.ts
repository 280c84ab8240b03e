/** What can be wrong. The guide to the doctor says what each code means and when it is reported. */
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
  /** The check that found it. */
  code: FindingCode;
  /** `'error'`: this run learns nothing useful. `'warning'`: it probably learns less than it could. */
  severity: 'error' | 'warning';
  /** Optimizer steps that the trainer has done. */
  step: number;
  /** What is wrong, in a sentence with numbers. */
  message: string;
  /** What to do about it, in a sentence. */
  remedy: string;
  /** The numbers behind it. */
  evidence: Record<string, number | string>;
}

/** A finding before its step is known. */
export type Diagnosis = Omit<Finding, 'step'> & {
  /** Whether one probe is enough because the finding cannot be due to chance. */
  certain: boolean;
};

/** Findings that may be mere consequences, with their causes. If a cause is found, too, only the cause is reported. */
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

/** Leaves out findings that another of `found`, or one of `known`, explains. */
export function withoutConsequences<F extends { code: FindingCode }>(
  found: readonly F[],
  known: ReadonlySet<FindingCode> = new Set(),
): F[] {
  const codes = new Set([...known, ...found.map(({ code }) => code)]);
  return found.filter(({ code }) => !causes[code]?.some((cause) => codes.has(cause)));
}
