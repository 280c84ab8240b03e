/** A decoder that says whether bytes are UTF-8. */
function textOf(bytes: Uint8Array, isUTF8: boolean): string {
  if (!isUTF8) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      return new TextDecoder('windows-1252').decode(bytes);
    }
  }
  return new TextDecoder().decode(bytes);
}

/** ESC % G: what a record says of its texts when they are UTF-8. */
const utf8 = '\u001b%G';

/**
 * The keywords (2:25) in IPTC data. Texts are UTF-8 where the data say so or they can be read so, otherwise Windows-1252.
 *
 * @param data - The records, or Photoshop's resources with them. What is cut off is passed over.
 * @see IPTC-NAA Information Interchange Model 4.2, sections 1.5 (data sets), 1:90 and 2:25.
 */
export function keywordsOfIPTC(data: Uint8Array): string[] {
  const keywords: Uint8Array[] = [];
  let isUTF8 = false;
  let at = 0;
  while (at + 5 <= data.length) {
    const [marker, record, dataset] = [data[at], data[at + 1], data[at + 2]];
    // Before the first data set there may be something else.
    if (marker !== 0x1c || (record !== 1 && record !== 2)) {
      at++;
      continue;
    }
    const length = (data[at + 3]! << 8) | data[at + 4]!;
    if (length >= 0x8000 || at + 5 + length > data.length) break;
    const value = data.subarray(at + 5, at + 5 + length);
    if (record === 1 && dataset === 90) isUTF8 = String.fromCharCode(...value) === utf8;
    if (record === 2 && dataset === 25) keywords.push(value);
    at += 5 + length;
  }
  return keywords.map((value) => textOf(value, isUTF8).trim()).filter((keyword) => keyword !== '');
}
