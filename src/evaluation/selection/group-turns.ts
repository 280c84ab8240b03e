/**
 * Whose turn it is in a selection: rows that are not taken, and with groups only those of a group with the fewest taken
 * rows, as long as it has others.
 */
export class GroupTurns {
  private readonly isTaken: Uint8Array;
  private readonly taken = new Map<number, number>();
  private readonly left = new Map<number, number>();
  private fewest = 0;

  /** @param groups - The group of each row. Left out, all rows are one group. */
  constructor(
    rows: number,
    private readonly groups?: ArrayLike<number>,
  ) {
    this.isTaken = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      const group = this.groupOf(row);
      this.left.set(group, (this.left.get(group) ?? 0) + 1);
      this.taken.set(group, 0);
    }
  }

  private groupOf(row: number): number {
    return this.groups ? this.groups[row]! : 0;
  }

  /** Whether a row may be taken next. */
  allows(row: number): boolean {
    return this.isTaken[row] === 0 && this.taken.get(this.groupOf(row)) === this.fewest;
  }

  /** Takes a row that is allowed. */
  take(row: number): void {
    const group = this.groupOf(row);
    this.isTaken[row] = 1;
    this.taken.set(group, this.taken.get(group)! + 1);
    this.left.set(group, this.left.get(group)! - 1);
    this.fewest = Number.POSITIVE_INFINITY;
    for (const [each, count] of this.taken) {
      if (this.left.get(each)! > 0) this.fewest = Math.min(this.fewest, count);
    }
  }
}
