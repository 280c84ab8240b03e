import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

/** The picture bytes of test/fixtures/data/make.py, NHWC. */
export function formulaPictures(count: number, height: number, width: number, channels: number): Uint8Array {
  const data = new Uint8Array(count * height * width * channels);
  let i = 0;
  for (let n = 0; n < count; n++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++) {
          data[i++] = 17 * n + 3 * y + 5 * x + 59 * c + Math.floor((y * x) / 8);
        }
      }
    }
  }
  return data;
}

export function unpack(base64: string): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(base64, 'base64')));
}

export function sha256(data: Uint8Array | Float32Array): string {
  return createHash('sha256').update(data).digest('hex');
}
