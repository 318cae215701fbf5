import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readImage } from '../../../src/kernel/imaging';

interface Bmp {
  readonly width: number;
  /** Negative: the first row stands first. */
  readonly height: number;
  readonly bits: number;
  readonly palette?: readonly (readonly [blue: number, green: number, red: number])[];
  /** Rows as they stand in the file, without their padding. */
  readonly rows: readonly (readonly number[])[];
  readonly compression?: number;
}

/** A bitmap written from the definition of BITMAPINFOHEADER. */
function bmp({ width, height, bits, palette = [], rows, compression = 0 }: Bmp): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM', 'latin1');
  header.writeUInt32LE(54 + 4 * palette.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  header.writeUInt32LE(palette.length, 46);
  const colours = Buffer.from(palette.flatMap((colour) => [...colour, 0]));
  const stride = Math.ceil((width * bits) / 32) * 4;
  const body = rows.map((row) => Buffer.concat([Buffer.from(row), Buffer.alloc(stride - row.length)]));
  return Buffer.concat([header, colours, ...body]);
}

async function read(bytes: Buffer) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-bmp-'));
  try {
    const file = path.join(folder, 'mask.bmp');
    await fs.writeFile(file, bytes);
    return await readImage(file);
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}

const grey = Array.from({ length: 256 }, (_, level) => [level, level, level] as const);

describe('readImage of a BMP', () => {
  it('reads grey levels through a palette, the last row first', async () => {
    const image = await read(
      bmp({
        width: 3,
        height: 2,
        bits: 8,
        palette: grey,
        rows: [
          [0, 128, 255],
          [7, 8, 9],
        ],
      }),
    );
    expect([image.size, image.channels]).toEqual([[3, 2, 1], 1]);
    expect([...image.voxels]).toEqual([7, 8, 9, 0, 128, 255]);
  });

  it('reads 24 and 32 bits as red, green, blue, rows of a negative height as they stand', async () => {
    const colour = await read(
      bmp({
        width: 1,
        height: -2,
        bits: 24,
        rows: [
          [3, 2, 1],
          [6, 5, 4],
        ],
      }),
    );
    expect([colour.channels, [...colour.voxels]]).toEqual([3, [1, 2, 3, 4, 5, 6]]);
    const wide = await read(bmp({ width: 2, height: 1, bits: 32, rows: [[3, 2, 1, 0, 9, 9, 9, 0]] }));
    expect([...wide.voxels]).toEqual([1, 2, 3, 9, 9, 9]);
    const level = await read(bmp({ width: 1, height: 1, bits: 24, rows: [[128, 128, 128]] }));
    expect([level.channels, [...level.voxels]]).toEqual([1, [128]]);
  });

  it.each([
    [1, [0b1010_0000], [255, 0, 255]],
    [4, [0x10, 0x10], [255, 0, 255]],
  ])('unpacks %d bits', async (bits, row, expected) => {
    const palette = [grey[0], grey[255]];
    expect([...(await read(bmp({ width: 3, height: 1, bits, palette, rows: [row] }))).voxels]).toEqual(expected);
  });

  it.each([
    [{ rows: [[1, 2, 3]] }, /ends early/],
    [{ rows: [[1], [1]], bits: 16 }, /16 bits/],
    [{ rows: [[1], [1]], compression: 1 }, /compressed/],
    [{ rows: [], width: 0 }, /0 × 2/],
    [{ rows: [[1], [1]], height: 2 ** 30 }, /1 × 1073741824/],
  ])('refuses a file that is wrong: %o', async (change, message) => {
    await expect(read(bmp({ width: 1, height: 2, bits: 8, palette: grey, ...change }))).rejects.toThrow(message);
    await expect(read(bmp({ width: 1, height: 2, bits: 8, palette: grey, ...change }))).rejects.toThrow(/mask\.bmp/);
  });
});
