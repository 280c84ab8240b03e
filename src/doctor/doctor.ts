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
  /** Hears of each kind of finding once a `fit`. @defaultValue prints a line with `console.warn` */
  onFinding?: (finding: Finding) => void | Promise<void>;
  /** Steps between looks at a probe, which cost about a step on `probeSize` pictures. @defaultValue `100` */
  everySteps?: number;
  /** Pictures of the batch that a look takes; with batch normalization in `groups`, all of them. @defaultValue `64` */
  probeSize?: number;
  /** Steps, after the warm-up, over which a loss at the value of guessing is waited for to fall. @defaultValue `200` */
  patience?: number;
}

/** Steps from a first sign to the look that confirms it: other pictures, other views. */
const confirmAfter = 3;

/**
 * Callback that looks over the trainer's shoulder and says, once and in a sentence, what is wrong and what to do; it is
 * silent when all is well. Every step it reads loss and learning rate, which cost nothing; at the first step and every
 * `everySteps` steps it looks at a probe of the batch. What chance has a part in is spoken of when a second look shows it
 * too, and what is only a consequence of another finding is not.
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

/** What the doctor knows of one `fit`. */
class Visit {
  readonly watch: LossWatch;
  private readonly spoken = new Set<FindingCode>();
  private suspected = new Set<FindingCode>();
  private readonly settings: Diagnosis[];
  private steps = 0;
  private nextLook = 1;
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
    const isNew = watched.some(({ code }) => !this.spoken.has(code) && !this.suspected.has(code));
    if (this.steps !== this.nextLook && !isNew) return;
    const { simclr, pictures } = context;
    if (!pictures) return;
    const probe = await probeOf(simclr, pictures, epoch + 1, this.options.probeSize);
    const found = [...this.settings, ...watched, ...(await checkProbe(simclr, probe))].filter(
      ({ code }) => !this.spoken.has(code),
    );
    const roots = withoutConsequences(found, this.spoken);
    for (const diagnosis of roots) {
      const { code, certain } = diagnosis;
      if (!certain && !this.suspected.has(code)) continue;
      this.spoken.add(code);
      await this.options.onFinding(toFinding(diagnosis, simclr.progress.step));
    }
    // A consequence stays suspected: its cause may prove to be chance.
    this.suspected = new Set(found.map(({ code }) => code));
    const open = roots.some(({ code }) => !this.spoken.has(code));
    this.confirming = open && !this.confirming;
    this.nextLook = this.confirming
      ? this.steps + confirmAfter
      : (Math.floor(this.steps / this.options.everySteps) + 1) * this.options.everySteps;
  }
}
