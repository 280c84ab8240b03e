/** A random resized crop as plain data: what a decoder needs to cut it out of the whole picture. */
export interface CropPlan {
  /** Size of the view in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Smallest and largest part of the picture's area that a crop covers, in [0, 1]. */
  readonly scale: readonly [number, number];
  /** Smallest and largest width/height of a crop, in pixels. */
  readonly aspectRatio: readonly [number, number];
  /** Boxes drawn before falling back to the largest central box whose shape is allowed. */
  readonly attempts: number;
  /** How the crop is resized, with antialiasing. */
  readonly interpolation: 'bilinear' | 'bicubic';
}

/** A view that training requests from a data set whose decoder cuts views. */
export interface ViewRequest {
  /** The crop that the view begins with. */
  readonly crop: CropPlan;
  /** The random words that the crop of a picture is drawn from, by the picture's index in the data set. */
  words(index: number): Uint32Array;
}
