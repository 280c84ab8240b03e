import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import type { Callback, FitContext, FitStart } from '../training/index.js';
import { checkProbe } from './check-probe.js';
import { checkLearningRate, checkTemperature } from './check-settings.js';
import { probeOf, toFinding } from './examine.js';
import { type Diagnosis, type Finding, type FindingCode, withoutConsequences } from './finding.js';
import { LossWatch } from './loss-watch.js';

/** Options of {@link doctor}. */
export interface DoctorOptions {
  /** Called with each kind of finding once per `fit`. @defaultValue prints a line with `console.warn` */
  onFinding?: (finding: Finding) => void | Promise<void>;
  /** Steps between two probes. A probe costs about a training step on `probeSize` pictures. @defaultValue `100` */
  everySteps?: number;
  /** Pictures of the batch per probe. With batch normalization in `groups` it takes all of them. @defaultValue `64` */
  probeSize?: number;
  /** Steps after the warm-up in which the loss must fall below that of guessing. @defaultValue `200` */
  patience?: number;
}

/** Steps between the probe that first shows a finding and the one that confirms it with other pictures and views. */
const confirmAfter = 3;

/**
 * Callback that watches training and reports what is wrong and what to do about it, each finding once and in a sentence. It
 * is silent when all is well.
 *
 * At every step it reads loss and learning rate, which costs nothing. At the first step and every `everySteps` steps it
 * probes the batch. It reports a finding that may be due to chance only after a second probe confirms it, and leaves out
 * what is only a consequence of another finding.
 *
 * @throws `InvalidOptionError` on options outside their domain.
 * @example
 * await simclr.fit(pictures, { epochs: 10, callbacks: [doctor()] });
 */
export function doctor(options: DoctorOptions = {}): Callback {
  checkKeys('doctor', options, { onFinding: 1, everySteps: 1, probeSize: 1, patience: 1 });
  const { everySteps = 100, probeSize = 64, patience = 200 } = options;
  const { onFinding = ({ message, remedy }) => console.warn(`doctor: ${message} ${remedy}`) } = options;
  checkInteger('doctor', 'everySteps', everySteps);
  checkInteger('doctor', 'probeSize', probeSize, 2);
  checkInteger('doctor', 'patience', patience);
  if (typeof onFinding !== 'function') {
    throw new InvalidOptionError(
      `doctor: onFinding must be a function. Received: onFinding=${String(onFinding)}.`,
    );
  }
  let visit: Visit | undefined;
  return {
    onFitStart(start, context) {
      visit = new Visit(start, context, { everySteps, probeSize, patience, onFinding });
    },
    async onStepEnd(step, context) {
      visit?.watch.note(step);
      await visit?.afterStep(step.epoch, context);
    },
    onFitEnd() {
      visit = undefined;
    },
  };
}

/** The state of the doctor during one `fit`. */
class Visit {
  readonly watch: LossWatch;
  private readonly reported = new Set<FindingCode>();
  private suspected = new Set<FindingCode>();
  private readonly settings: Diagnosis[];
  private steps = 0;
  private nextProbe = 1;
  private confirming = false;

  constructor(
    start: FitStart,
    context: FitContext,
    private readonly options: Required<DoctorOptions>,
  ) {
    const { simclr } = context;
    this.watch = new LossWatch(simclr, options.patience);
    this.settings = [...checkTemperature(simclr), ...checkLearningRate(simclr, start.batchSize)];
  }

  async afterStep(epoch: number, context: FitContext): Promise<void> {
    this.steps++;
    const watched = this.watch.diagnose();
    const isNew = watched.some(({ code }) => !this.reported.has(code) && !this.suspected.has(code));
    if (this.steps !== this.nextProbe && !isNew) return;
    const { simclr, pictures } = context;
    if (!pictures) return;
    const probe = await probeOf(simclr, pictures, epoch + 1, this.options.probeSize);
    const found = [...this.settings, ...watched, ...(await checkProbe(simclr, probe))].filter(
      ({ code }) => !this.reported.has(code),
    );
    const roots = withoutConsequences(found, this.reported);
    for (const diagnosis of roots) {
      const { code, certain } = diagnosis;
      if (!certain && !this.suspected.has(code)) continue;
      this.reported.add(code);
      await this.options.onFinding(toFinding(diagnosis, simclr.progress.step));
    }
    // Keep suspecting consequences: their cause may turn out to be chance.
    this.suspected = new Set(found.map(({ code }) => code));
    const open = roots.some(({ code }) => !this.reported.has(code));
    this.confirming = open && !this.confirming;
    this.nextProbe = this.confirming
      ? this.steps + confirmAfter
      : (Math.floor(this.steps / this.options.everySteps) + 1) * this.options.everySteps;
  }
}
