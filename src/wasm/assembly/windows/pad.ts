/** Copies pictures [pictures, height, width, channels] with a border of zeros. */
@unmanaged
export class Padding {
  source!: usize;
  to!: usize;
  height!: i32;
  width!: i32;
  channels!: i32;
  top!: i32;
  left!: i32;
  paddedHeight!: i32;
  paddedWidth!: i32;
}

/** Pads pictures `first` to `last - 1`. */
export function padPictures(work: Padding, first: i32, last: i32): void {
  const rowBytes = <usize>(work.width * work.channels) << 2;
  const paddedRowBytes = <usize>(work.paddedWidth * work.channels) << 2;
  const pictureBytes = <usize>work.height * rowBytes;
  const paddedBytes = <usize>work.paddedHeight * paddedRowBytes;
  const offset = <usize>work.top * paddedRowBytes + (<usize>(work.left * work.channels) << 2);
  for (let picture = first; picture < last; picture++) {
    const from = work.source + <usize>picture * pictureBytes;
    const to = work.to + <usize>picture * paddedBytes;
    memory.fill(to, 0, paddedBytes);
    for (let row: usize = 0; row < <usize>work.height; row++) {
      memory.copy(to + offset + row * paddedRowBytes, from + row * rowBytes, rowBytes);
    }
  }
}
