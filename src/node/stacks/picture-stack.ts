import { forEachFile } from '../files/for-each-file.js';
import { compareByWorth, type PictureFacts, pictureFacts } from './file-facts.js';

/** How alike the pictures of a stack are. */
export type StackLevel = 'copies' | 'same' | 'variants';

/** A picture of a stack. */
export interface StackedPicture extends PictureFacts {
  /** The file. */
  path: string;
  /** Whether it is the one of its shot to keep: the most pixels, then the largest file, then the oldest. */
  keep: boolean;
  /** Whether its file has the same bytes as the one to keep; that one itself has. */
  equal: boolean;
  /** Cosine similarity with the center of its shot, of centered and whitened vectors. */
  similarity: number;
}

/** Pictures that are the same: one of them is enough. */
export interface PictureShot {
  /** The one to keep first. A single one where the stack has variants only. */
  pictures: StackedPicture[];
  /** Cosine similarity of its center with that of the stack. */
  similarity: number;
}

/** Pictures that belong together. */
export interface PictureStack {
  /** The loosest level that holds it together. */
  level: StackLevel;
  /** One for each variant; a single one unless the level is `'variants'`. */
  shots: PictureShot[];
}

/** Rows with a center each, and their similarity to it. */
export class Groups {
  private readonly of = new Map<number, { center: number; similarity: number }>();

  constructor(rows: readonly number[]) {
    for (const row of rows) this.of.set(row, { center: row, similarity: 1 });
  }

  /** Rows that stand for themselves. */
  get centers(): number[] {
    return [...this.of].flatMap(([row, { center }]) => (row === center ? [row] : []));
  }

  /** Puts a row to a center. */
  add(row: number, center: number, similarity: number): void {
    this.of.set(row, { center, similarity });
  }

  /** The rows of each center, itself included, with their similarities. */
  members(): Map<number, { row: number; similarity: number }[]> {
    const members = new Map<number, { row: number; similarity: number }[]>();
    for (const [row, { center, similarity }] of this.of) {
      const list = members.get(center);
      if (list) list.push({ row, similarity });
      else members.set(center, [{ row, similarity }]);
    }
    return members;
  }
}

/** What was found, by row. */
export interface FoundGroups {
  /** For each row with the bytes of an earlier one, that one. */
  copyOf: ReadonlyMap<number, number>;
  same: Groups;
  /** Of the centers of `same`. */
  variants: Groups;
}

interface ShotRows {
  similarity: number;
  rows: { row: number; similarity: number }[];
}

/** Rows of each stack of at least two, by shots. */
function stackRows({ copyOf, same, variants }: FoundGroups): ShotRows[][] {
  const copies = new Map<number, number[]>();
  for (const [row, first] of copyOf) copies.set(first, [...(copies.get(first) ?? []), row]);
  const shots = same.members();
  const stacks: ShotRows[][] = [];
  for (const members of variants.members().values()) {
    const stack = members.flatMap(({ row: center, similarity }): ShotRows[] => {
      const own = shots.get(center);
      if (!own) return []; // it belongs to another shot
      const rows = own.flatMap((member) => [
        member,
        ...(copies.get(member.row) ?? []).map((row) => ({ row, similarity: member.similarity })),
      ]);
      return [{ similarity, rows }];
    });
    if (stack.reduce((sum, { rows }) => sum + rows.length, 0) > 1) stacks.push(stack);
  }
  const first = (stack: ShotRows[]) =>
    stack.reduce(
      (least, { rows }) => rows.reduce((a, { row }) => Math.min(a, row), least),
      Number.POSITIVE_INFINITY,
    );
  return stacks.sort((a, b) => first(a) - first(b));
}

/** Looks up the files of stacks, and says which to keep. */
export async function describeStacks(
  caller: string,
  paths: readonly string[],
  groups: FoundGroups,
): Promise<PictureStack[]> {
  const stacks = stackRows(groups);
  const facts = new Map<number, PictureFacts>();
  const rows = stacks.flatMap((stack) => stack.flatMap((shot) => shot.rows.map(({ row }) => row)));
  const look = async (row: number) => {
    facts.set(row, await pictureFacts(caller, paths[row]!));
  };
  await forEachFile(rows, 4, look);
  const contents = (row: number) => groups.copyOf.get(row) ?? row;
  const describeShot = ({ similarity, rows: members }: ShotRows): PictureShot => {
    const sorted = [...members].sort(
      (a, b) => compareByWorth(facts.get(a.row)!, facts.get(b.row)!) || a.row - b.row,
    );
    const kept = sorted[0]!.row;
    const pictures = sorted.map(({ row, similarity: own }) => ({
      path: paths[row]!,
      keep: row === kept,
      equal: contents(row) === contents(kept),
      similarity: own,
      ...facts.get(row)!,
    }));
    return { pictures, similarity };
  };
  return stacks.map((stack) => {
    const shots = stack.map(describeShot).sort((a, b) => b.similarity - a.similarity);
    const isEqual = shots[0]!.pictures.every(({ equal }) => equal);
    return { level: shots.length > 1 ? 'variants' : isEqual ? 'copies' : 'same', shots };
  });
}
