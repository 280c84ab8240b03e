/**
 * A timeout for waiting on another thread that counts only the time during which this process runs. When the process is
 * stopped (Ctrl-Z, `docker pause`, a debugger, a machine that sleeps), all its threads stop and resume together, so the
 * pause says nothing about them.
 */
export class RunningTimeout {
  private waited = 0;
  private lastPoll = performance.now();

  /**
   * @param milliseconds - The timeout.
   * @param longestPoll - Milliseconds from one poll to the next that count at most. What exceeds them is a pause.
   */
  constructor(
    readonly milliseconds: number,
    private readonly longestPoll: number,
  ) {}

  /** Whether the timeout has passed. Call it at every poll. */
  hasExpired(): boolean {
    const now = performance.now();
    this.waited += Math.min(now - this.lastPoll, this.longestPoll);
    this.lastPoll = now;
    return this.waited > this.milliseconds;
  }
}
