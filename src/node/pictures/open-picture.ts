import type { Sharp, SharpOptions } from 'sharp';

/** The fields of a plan that {@link openPicture} reads. */
export interface OpenPictureOptions {
  background: { r: number; g: number; b: number };
  fit: 'cover' | 'contain' | 'fill';
  maxPixels: number;
}

/** The decoder, called as a function. */
export type SharpFunction = (input: Uint8Array, options: SharpOptions) => Sharp;

/**
 * Opens a picture upright, opaque and, wherever a later step depends on it, as 8-bit sRGB.
 *
 * sharp alone lays a gray picture over a gray background, takes every fourth channel for alpha, and rounds samples of
 * 32 bits to 0, 1 or 255. Pictures of such kinds are first decoded to plain red, green, blue and alpha. All others
 * stay with sharp, which decodes large JPEG files at a fraction of their size.
 *
 * Decoding threads run the text of this function: it must use nothing but its parameters and what JavaScript has.
 *
 * @throws Error, with a reason, when the samples have no agreed meaning.
 */
export async function openPicture(
  sharp: SharpFunction,
  bytes: Uint8Array,
  { background, fit, maxPixels }: OpenPictureOptions,
): Promise<Sharp> {
  const options: SharpOptions = { failOn: 'error', limitInputPixels: maxPixels };
  const opaque = (input: Uint8Array, more?: SharpOptions) =>
    sharp(input, { ...options, ...more })
      .autoOrient()
      .flatten({ background });

  const isJPEG = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (isJPEG && fit !== 'contain') return opaque(bytes);
  const { space = '', channels = 0, depth = '', format, hasProfile } = await sharp(bytes, options).metadata();
  const gray = space === 'b-w' || space === 'grey16';
  const colors = gray ? 1 : space === 'cmyk' ? 4 : 3;
  // An alpha channel's place among the channels after the colors, or -1.
  const alpha = format === 'tiff' ? alphaOfTIFF() : channels > colors ? 0 : -1;
  const integers = depth === 'uchar' || depth === 'ushort';
  // sharp applies a profile to 16 bits as if the result were Display P3, and to 16-bit gray not at all.
  const misreadProfile = depth === 'ushort' && hasProfile && space !== 'cmyk';
  const usualChannels = channels === colors || (channels === colors + 1 && alpha === 0 && !gray);
  const grayBorders = gray && fit === 'contain';
  if (integers && usualChannels && !misreadProfile && !grayBorders) return opaque(bytes);

  let rgba: Uint8Array;
  let size: { width: number; height: number };
  if (integers || space.startsWith('lab')) {
    [rgba, size] = await convertedBySharp();
  } else if (depth === 'uint' || depth === 'float') {
    [rgba, size] = await fromWideSamples();
  } else {
    const reason = `samples of the type ${depth} have no agreed black and white`;
    throw new Error(`${reason}; convert them to 8 or 16 bits`);
  }
  const raw = { ...size, channels: alpha === -1 ? 3 : 4 } as const;
  return opaque(rgba, { raw });

  /** sharp's own conversion, which keeps all further channels behind red, green and blue. */
  async function convertedBySharp(): Promise<[Uint8Array, { width: number; height: number }]> {
    const decoded = sharp(bytes, options).autoOrient();
    if (misreadProfile) decoded.pipelineColourspace(gray ? 'b-w' : 'srgb');
    const { data, info } = await decoded
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const outputChannels = alpha === -1 ? 3 : 4;
    const asIs = info.channels === outputChannels && alpha <= 0;
    return [asIs ? data : select(data, info.channels, 3, (value) => value), info];
  }

  /** Samples of 32 bits: integers of full range, or linear light from 0 to 1. */
  async function fromWideSamples(): Promise<[Uint8Array, { width: number; height: number }]> {
    if (hasProfile || space === 'cmyk' || (gray && alpha !== -1)) {
      const what = hasProfile ? 'a color profile' : gray ? 'gray and alpha' : 'CMYK';
      throw new Error(`samples of 32 bits with ${what} are not read; convert them to 8 or 16 bits`);
    }
    const { data, info } = await sharp(bytes, options)
      .autoOrient()
      .pipelineColourspace(space as 'srgb')
      .toColourspace(space)
      .raw({ depth: depth as 'float' })
      .toBuffer({ resolveWithObject: true });
    const copy = new Uint8Array(data).buffer; // aligned
    if (depth === 'uint') {
      const toByte = (value: number) => value / 0x1010101;
      return [select(new Uint32Array(copy), info.channels, colors, toByte), info];
    }
    const encode = (value: number, isAlpha: boolean) => {
      if (!(value > -0.002 && value < 1.002)) {
        const reason = `floating-point samples must be from 0 to 1, and one is ${value}`;
        throw new Error(`${reason}; convert them to 8 or 16 bits`);
      }
      if (isAlpha) return 255 * value;
      return 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055); // IEC 61966-2-1
    };
    return [select(new Float32Array(copy), info.channels, colors, encode), info];
  }

  /**
   * Red, green, blue and, where there is one, alpha of pixels with `count` samples, the first `used` of them colors.
   */
  function select(
    samples: ArrayLike<number>,
    count: number,
    used: number,
    convert: (value: number, isAlpha: boolean) => number,
  ): Uint8Array {
    const step = alpha === -1 ? 3 : 4;
    const pixels = samples.length / count;
    const result = new Uint8ClampedArray(pixels * step); // rounds, and clips what overshoots
    for (let i = 0; i < pixels; i++) {
      const from = i * count;
      for (let c = 0; c < 3; c++) {
        result[i * step + c] = convert(samples[from + (used === 1 ? 0 : c)]!, false);
      }
      if (alpha !== -1) result[i * step + 3] = convert(samples[from + used + alpha]!, true);
    }
    return new Uint8Array(result.buffer);
  }

  /** The tag ExtraSamples gives the meaning of extra channels, not all of which are alpha; libvips does not read it. */
  function alphaOfTIFF(): number {
    if (channels <= colors) return -1;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = bytes[0] === 0x49;
    const is64 = view.getUint16(2, little) === 43;
    const offsetAt = (place: number) =>
      is64 ? Number(view.getBigUint64(place, little)) : view.getUint32(place, little);
    const directory = offsetAt(is64 ? 8 : 4);
    const entries = is64 ? offsetAt(directory) : view.getUint16(directory, little);
    const [entryBytes, inlineBytes, first] = is64 ? [20, 8, directory + 8] : [12, 4, directory + 2];
    for (let i = 0; i < entries; i++) {
      const entry = first + i * entryBytes;
      if (view.getUint16(entry, little) !== 338) continue;
      const count = offsetAt(entry + 4);
      const values = entry + entryBytes - inlineBytes;
      const start = 2 * count <= inlineBytes ? values : offsetAt(values);
      for (let k = 0; k < count; k++) if (view.getUint16(start + 2 * k, little) !== 0) return k;
      return -1;
    }
    return channels === colors + 1 ? 0 : -1; // left out, as by careless writers of four channels
  }
}
