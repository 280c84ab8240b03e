import { type PictureSet, pictureSize, sharesMemory } from '../../shared/pictures.js';

/** A decoded picture. */
export interface ReadPicture {
  name: string;
  group: string;
  pixels: Uint8Array;
}

/** Memory for pixels, which the page reads without a copy where it can. @throws where there is not enough */
export function pixelMemory(bytes: number): Uint8Array {
  try {
    return sharesMemory ? new Uint8Array(new SharedArrayBuffer(bytes)) : new Uint8Array(bytes);
  } catch {
    throw new Error('This browser has too little memory for so many pictures. Add fewer.');
  }
}

/** Pictures with room for more. */
export class PictureRoom {
  private readonly names: string[];
  private readonly groups: string[];
  private readonly present: Set<string>;
  private readonly pixels: Uint8Array;

  /** @param most - How many may be added. */
  constructor(
    private readonly before: PictureSet,
    most: number,
  ) {
    this.names = [...before.names];
    this.groups = [...before.groups];
    this.present = new Set(before.names);
    this.pixels = pixelMemory((before.names.length + most) * pictureSize * pictureSize * 3);
    this.pixels.set(before.data);
  }

  /** Pictures that were added. */
  get added(): number {
    return this.names.length - this.before.names.length;
  }

  /** Adds a picture, unless there is one of its name. */
  add({ name, group, pixels }: ReadPicture): void {
    if (this.present.has(name)) return;
    this.pixels.set(pixels, this.names.length * pixels.length);
    this.present.add(name);
    this.names.push(name);
    this.groups.push(group);
  }

  pictures(): PictureSet {
    const { names, groups, pixels } = this;
    const used = names.length * pictureSize * pictureSize * 3;
    // A message to the page copies all of what is not shared, also what is unused.
    const isShared = sharesMemory || used === pixels.length;
    return {
      names,
      groups,
      size: pictureSize,
      data: isShared ? pixels.subarray(0, used) : pixels.slice(0, used),
    };
  }
}
