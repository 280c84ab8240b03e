/**
 * How long to wait for another thread, in time during which this process ran. A process that was stopped (Ctrl-Z, `docker
 * pause`, a debugger, a machine that sleeps) continues with all its threads: the pause says nothing about them.
 */
export class Patience {
  private waited = 0;
  private before = performance.now();

  /**
   * @param milliseconds - After this long it is over.
   * @param longestLook - Milliseconds from one look to the next that may pass while the process runs; what is beyond
   * counts as a pause.
   */
  constructor(
    readonly milliseconds: number,
    private readonly longestLook: number,
  ) {}

  /** Whether it is over; to be asked at every look. */
  isOver(): boolean {
    const now = performance.now();
    this.waited += Math.min(now - this.before, this.longestLook);
    this.before = now;
    return this.waited > this.milliseconds;
  }
}
