/** Height and width of a picture, in pixels. */
export type ImageSize = readonly [height: number, width: number];
