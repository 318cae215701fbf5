import { UserError } from '../../errors';
import type { Voxels } from '../types';
import type { DataSet } from './dataSet';
import { tags } from './tags';

/** Three samples per pixel of `bits` bits → RGB of 8 bits. `ybr`: they are YCbCr (PS3.3 C.7.6.3.1.2, full range). */
export function toRgb8(samples: Voxels, bits: number, ybr: boolean): Uint8Array {
  const shift = 2 ** (8 - bits);
  const rgb = new Uint8ClampedArray(samples.length);
  if (bits === 8) rgb.set(samples);
  else for (let index = 0; index < samples.length; index++) rgb[index] = Math.floor(samples[index] * shift);
  if (ybr) {
    for (let at = 0; at < rgb.length; at += 3) {
      const luminance = rgb[at];
      const blue = rgb[at + 1] - 128;
      const red = rgb[at + 2] - 128;
      rgb[at] = luminance + 1.402 * red;
      rgb[at + 1] = luminance - 0.344136 * blue - 0.714136 * red;
      rgb[at + 2] = luminance + 1.772 * blue;
    }
  }
  return new Uint8Array(rgb.buffer);
}

/** Red, green and blue of each index from `first` on. */
export interface Palette {
  readonly first: number;
  readonly length: number;
  /** Interleaved, 8 bits. */
  readonly rgb: Uint8Array;
}

/** @throws UserError when the tables are missing, cut short, or stored in segments. */
export function paletteOf(file: string, data: DataSet, signed: boolean): Palette {
  if (data.has(tags.RedPaletteSegments)) {
    throw new UserError(`${file} stores its palette in segments, which is not read: save it as RGB`, { file });
  }
  const channels = [
    tableOf(file, data, tags.RedPaletteDescriptor, tags.RedPaletteData),
    tableOf(file, data, tags.GreenPaletteDescriptor, tags.GreenPaletteData),
    tableOf(file, data, tags.BluePaletteDescriptor, tags.BluePaletteData),
  ];
  const { length, first } = channels[0];
  if (channels.some((channel) => channel.length !== length)) throw noPalette(file);
  const rgb = new Uint8Array(3 * length);
  channels.forEach(({ levels }, colour) => levels.forEach((level, index) => (rgb[3 * index + colour] = level)));
  return { first: signed && first > 0x7fff ? first - 0x10000 : first, length, rgb };
}

interface Table {
  readonly length: number;
  readonly first: number;
  readonly levels: Uint8Array;
}

/** PS3.3 C.7.6.3.1.5: number of entries (0 is 65536), first index, bits; entries of 8 bits lie two to a word, or alone. */
function tableOf(file: string, data: DataSet, descriptor: number, content: number): Table {
  const [stated, first, bits] = data.ushorts(descriptor);
  const bytes = data.bytes(content);
  if (bits === undefined || !bytes) throw noPalette(file);
  const length = stated === 0 ? 0x10000 : stated;
  if (bytes.length < 2 * length) {
    if (bits !== 8 || bytes.length < length) throw noPalette(file);
    return { length, first, levels: bytes.slice(0, length) };
  }
  const entries = data.ushorts(content).slice(0, length);
  // Some writers say 16 bits and fill 8.
  const wide = bits === 16 && entries.some((entry) => entry > 0xff);
  return { length, first, levels: Uint8Array.from(entries, (entry) => (wide ? entry >> 8 : entry)) };
}

const noPalette = (file: string): UserError =>
  new UserError(`${file} is damaged: its palette is missing or incomplete; get it again`, { file });

/** Indices below the palette take its first colour, indices above its last. */
export function applyPalette(indices: Voxels, { first, length, rgb }: Palette): Uint8Array {
  const colours = new Uint8Array(3 * indices.length);
  for (let index = 0, at = 0; index < indices.length; index++) {
    const entry = 3 * Math.min(length - 1, Math.max(0, indices[index] - first));
    colours[at++] = rgb[entry];
    colours[at++] = rgb[entry + 1];
    colours[at++] = rgb[entry + 2];
  }
  return colours;
}
