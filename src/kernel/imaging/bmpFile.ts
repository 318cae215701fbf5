import type { MedicalImage } from './types';

/** libvips reads no BMP; masks of fundus pictures (REFUGE) come as such. */
export const isBmp = (bytes: Buffer): boolean => bytes.length >= 54 && bytes.toString('latin1', 0, 2) === 'BM';

const most = 2 ** 28;

/**
 * Decodes an uncompressed BMP of 1, 4 or 8 bits with a palette, or 24 or 32 bits. Grey palettes and pixels whose three
 * channels agree everywhere become one channel. @throws Error saying what is wrong.
 */
export function readBmp(file: string, bytes: Buffer): MedicalImage {
  const headerSize = bytes.readUInt32LE(14);
  if (headerSize < 40) throw new Error('an OS/2 bitmap');
  const [width, signedHeight] = [bytes.readInt32LE(18), bytes.readInt32LE(22)];
  const [bits, compression] = [bytes.readUInt16LE(28), bytes.readUInt32LE(30)];
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1 || width * height > most) throw new Error(`${width} × ${signedHeight} pixels`);
  if (![1, 4, 8, 24, 32].includes(bits)) throw new Error(`${bits} bits per pixel`);
  // 3: the channels are masks; those of 32 bits are nearly always the usual ones.
  if (compression !== 0 && !(compression === 3 && bits === 32)) throw new Error('a compressed bitmap');
  const start = bytes.readUInt32LE(10);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (start + stride * height > bytes.length) throw new Error('the file ends early');
  const colours = bits <= 8 ? paletteOf(bytes, 14 + headerSize, bits) : null;
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    // Rows stand upside down unless the height is negative.
    const row = start + (signedHeight < 0 ? y : height - 1 - y) * stride;
    for (let x = 0; x < width; x++, at += 3) {
      if (colours === null) {
        const from = row + (x * bits) / 8;
        [rgb[at], rgb[at + 1], rgb[at + 2]] = [bytes[from + 2], bytes[from + 1], bytes[from]];
      } else {
        const bit = x * bits;
        const index = (bytes[row + (bit >> 3)] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
        rgb.set(colours.subarray(index * 3, index * 3 + 3), at);
      }
    }
  }
  return {
    path: file,
    size: [width, height, 1],
    ...(isGrey(rgb) ? { channels: 1, voxels: rgb.filter((_, i) => i % 3 === 0) } : { channels: 3, voxels: rgb }),
    spacing: null,
    origin: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
}

/** Colours as red, green, blue; those that the file leaves out are black. */
function paletteOf(bytes: Buffer, at: number, bits: number): Uint8Array {
  const stated = bytes.readUInt32LE(46);
  const count = Math.min(stated === 0 ? 1 << bits : stated, 1 << bits);
  if (at + count * 4 > bytes.length) throw new Error('the file ends early');
  const colours = new Uint8Array((1 << bits) * 3);
  for (let i = 0; i < count; i++) {
    for (let channel = 0; channel < 3; channel++) colours[i * 3 + channel] = bytes[at + i * 4 + 2 - channel];
  }
  return colours;
}

function isGrey(rgb: Uint8Array): boolean {
  for (let i = 0; i < rgb.length; i += 3) if (rgb[i] !== rgb[i + 1] || rgb[i] !== rgb[i + 2]) return false;
  return true;
}
