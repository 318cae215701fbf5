// How the pixels of a slice are written before they are deflated. Neighbours in an image are alike: their differences are
// small numbers, which deflate to a third of what the pixels themselves would take.
import type { SlicePixels } from './image';

type Kind = SlicePixels['kind'];
type Stored<K extends Kind> = K extends 'int16' ? Int16Array : Uint8Array;

const channelsOf = (kind: Kind): number => (kind === 'rgb8' ? 3 : 1);

/**
 * Each value minus the one left of it (of the same channel); the first of a row minus the first of the row above, that of
 * the first row as it is; modulo 2^8 or 2^16. Differences of int16 are folded (0, −1, 1, −2 … → 0, 1, 2, 3 …) and written
 * as all low bytes, then all high bytes, of which most are 0.
 */
export function applyDelta(kind: Kind, width: number, height: number, pixels: Int16Array | Uint8Array): Uint8Array {
  const channels = channelsOf(kind);
  const row = width * channels;
  const count = row * height;
  const wide = kind === 'int16';
  const bytes = new Uint8Array(wide ? 2 * count : count);
  for (let at = 0; at < count; at++) {
    const column = at % row;
    const before = column >= channels ? pixels[at - channels] : at >= row ? pixels[at - row] : 0;
    const difference = pixels[at] - before;
    if (wide) {
      const signed = (difference << 16) >> 16;
      const folded = (signed << 1) ^ (signed >> 31);
      bytes[at] = folded;
      bytes[count + at] = folded >>> 8;
    } else bytes[at] = difference;
  }
  return bytes;
}

/** The pixels of `applyDelta`. @throws RangeError when there are more or fewer bytes than the slice has. */
export function undoDelta<K extends Kind>(kind: K, width: number, height: number, bytes: Uint8Array): Stored<K> {
  const channels = channelsOf(kind);
  const row = width * channels;
  const count = row * height;
  const wide = kind === 'int16';
  if (bytes.length !== (wide ? 2 * count : count)) throw new RangeError('the slice is damaged: it has another size');
  const pixels = wide ? new Int16Array(count) : new Uint8Array(count);
  for (let at = 0; at < count; at++) {
    const column = at % row;
    const before = column >= channels ? pixels[at - channels] : at >= row ? pixels[at - row] : 0;
    const folded = wide ? bytes[at] | (bytes[count + at] << 8) : 0;
    pixels[at] = before + (wide ? (folded >>> 1) ^ -(folded & 1) : bytes[at]);
  }
  return pixels as Stored<K>;
}
