import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImage } from '../../../src/kernel/imaging';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-raster-'));
});
afterAll(() => fs.rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await fs.writeFile(file, bytes);
  return file;
}

const raw = (data: Uint8Array | Uint16Array, width: number, height: number, channels: 1 | 2 | 3 | 4): Sharp =>
  sharp(data, { raw: { width, height, channels } });
const grey8 = Uint8Array.of(0, 1, 128, 255, 7, 9);
const rgb8 = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30);

describe('pictures', () => {
  it('grey stays one channel, 8 and 16 bit', async () => {
    const eight = await readImage(
      await write('g8.png', await raw(grey8, 3, 2, 1).toColourspace('b-w').png().toBuffer()),
    );
    expect(eight).toMatchObject({ size: [3, 2, 1], channels: 1, spacing: null, origin: [0, 0, 0] });
    expect(eight.voxels).toEqual(grey8);
    const values = Uint16Array.of(0, 1, 1000, 65535);
    const sixteen = await readImage(
      await write('g16.png', await raw(values, 2, 2, 1).toColourspace('grey16').png().toBuffer()),
    );
    expect(sixteen).toMatchObject({ size: [2, 2, 1], channels: 1 });
    expect(sixteen.voxels).toEqual(values);
  });

  it('colour stays RGB, also when it is grey or has a palette', async () => {
    const colour = await readImage(await write('c.png', await raw(rgb8, 2, 2, 3).png().toBuffer()));
    expect(colour.channels).toBe(3);
    expect(colour.voxels).toEqual(rgb8);
    const palette = await readImage(await write('p.png', await raw(rgb8, 2, 2, 3).png({ palette: true }).toBuffer()));
    expect(palette.voxels).toEqual(rgb8);
    const greyRgb = Uint8Array.of(5, 5, 5, 9, 9, 9);
    const image = await readImage(
      await write('grgb.png', await raw(greyRgb, 2, 1, 3).toColourspace('srgb').png().toBuffer()),
    );
    expect([image.channels, ...image.voxels]).toEqual([3, ...greyRgb]);
  });

  it('16-bit colour becomes 8-bit', async () => {
    const values = Uint16Array.of(0, 256, 65535, 1024, 2048, 4096);
    const image = await readImage(
      await write('c16.png', await raw(values, 2, 1, 3).toColourspace('rgb16').png().toBuffer()),
    );
    expect([...image.voxels]).toEqual([0, 1, 255, 4, 8, 16]);
    expect(image.voxels).toBeInstanceOf(Uint8Array);
  });

  it('transparency lies on black', async () => {
    const rgba = Uint8Array.of(255, 255, 255, 0, 200, 100, 50, 255);
    const colour = await readImage(await write('a.png', await raw(rgba, 2, 1, 4).png().toBuffer()));
    expect([colour.channels, ...colour.voxels]).toEqual([3, 0, 0, 0, 200, 100, 50]);
    const greyAlpha = Uint8Array.of(255, 0, 77, 255);
    const grey = await readImage(
      await write('ga.png', await raw(greyAlpha, 2, 1, 2).toColourspace('b-w').png().toBuffer()),
    );
    expect([grey.channels, ...grey.voxels]).toEqual([1, 0, 77]);
  });

  it('CMYK becomes RGB', async () => {
    const white = new Uint8Array(8 * 8 * 3).fill(255);
    const file = await write('k.tif', await raw(white, 8, 8, 3).toColourspace('cmyk').tiff().toBuffer());
    const image = await readImage(file);
    expect(image.channels).toBe(3);
    expect(image.voxels.length).toBe(8 * 8 * 3);
    expect(Math.min(...image.voxels)).toBeGreaterThan(235);
  });

  it('the orientation of the camera is applied', async () => {
    const bytes = await raw(grey8, 3, 2, 1).toColourspace('b-w').withMetadata({ orientation: 6 }).png().toBuffer();
    const image = await readImage(await write('o.png', bytes));
    expect(image.size).toEqual([2, 3, 1]);
    // The writer makes three equal channels of it.
    const red = image.voxels.filter((_, index) => index % image.channels === 0);
    expect([...red]).toEqual([255, 0, 7, 1, 9, 128]);
  });

  it('JPEG and TIFF, whatever the case of the extension', async () => {
    const flat = new Uint8Array(16 * 16).fill(200);
    const jpeg = await readImage(
      await write('x.JPG', await raw(flat, 16, 16, 1).toColourspace('b-w').jpeg().toBuffer()),
    );
    expect(jpeg).toMatchObject({ size: [16, 16, 1], channels: 1 });
    expect(Math.abs(jpeg.voxels[0] - 200)).toBeLessThanOrEqual(1);
    const pixels = Uint8Array.from({ length: 16 * 16 }, (_, index) => index);
    const tiff = await raw(pixels, 16, 16, 1).toColourspace('b-w').tiff({ compression: 'lzw' }).toBuffer();
    expect((await readImage(await write('x.tiff', tiff))).voxels).toEqual(pixels);
  });

  it('a file that was rewritten is read anew', async () => {
    const png = (level: number): Promise<Buffer> =>
      raw(Uint8Array.of(level), 1, 1, 1).toColourspace('b-w').png().toBuffer();
    const file = await write('again.png', await png(1));
    expect([...(await readImage(file)).voxels]).toEqual([1]);
    await write('again.png', await png(2));
    expect([...(await readImage(file)).voxels]).toEqual([2]);
  });
});

describe('pages of a TIFF', () => {
  /** An uncompressed 8-bit grey TIFF with the given pages, from the definition of the format (TIFF 6.0). */
  function tiff(pages: readonly { width: number; height: number; data: Uint8Array }[]): Buffer {
    const parts: Buffer[] = [Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0])];
    let at = 8;
    pages.forEach(({ width, height, data }, page) => {
      const tags = [
        [256, width],
        [257, height],
        [258, 8],
        [259, 1],
        [262, 1],
        [273, at + 2 + 9 * 12 + 4],
        [277, 1],
        [278, height],
        [279, data.length],
      ];
      const directory = Buffer.alloc(2 + tags.length * 12 + 4);
      directory.writeUInt16LE(tags.length, 0);
      tags.forEach(([tag, value], index) => {
        directory.writeUInt16LE(tag, 2 + 12 * index);
        directory.writeUInt16LE(4, 4 + 12 * index);
        directory.writeUInt32LE(1, 6 + 12 * index);
        directory.writeUInt32LE(value, 10 + 12 * index);
      });
      const next = at + directory.length + data.length;
      directory.writeUInt32LE(page === pages.length - 1 ? 0 : next, directory.length - 4);
      parts.push(directory, Buffer.from(data));
      at = next;
    });
    return Buffer.concat(parts);
  }

  it('of one size are slices', async () => {
    const pages = [0, 1, 2].map((page) => ({ width: 3, height: 2, data: new Uint8Array(6).fill(10 * page + 1) }));
    const image = await readImage(await write('stack.tif', tiff(pages)));
    expect(image.size).toEqual([3, 2, 3]);
    expect([...image.voxels]).toEqual(pages.flatMap(({ data }) => [...data]));
  });

  it('of several sizes: the first, and a note', async () => {
    const pages = [1, 2].map((page) => ({ width: 3, height: page, data: new Uint8Array(3 * page).fill(page) }));
    const image = await readImage(await write('mixed.tif', tiff(pages)));
    expect(image).toMatchObject({ size: [3, 1, 1], notes: [expect.stringMatching(/only the first/)] });
    expect([...image.voxels]).toEqual([1, 1, 1]);
  });

  it('signed 16-bit grey keeps its values below 0', async () => {
    const values = Int16Array.of(-32768, -1, 0, 1, 32767, -1000);
    const tags = [
      [256, 3],
      [257, 2],
      [258, 16],
      [259, 1],
      [262, 1],
      [273, 8 + 2 + 10 * 12 + 4],
      [277, 1],
      [278, 2],
      [279, 12],
      [339, 2],
    ];
    const directory = Buffer.alloc(2 + tags.length * 12 + 4);
    directory.writeUInt16LE(tags.length, 0);
    tags.forEach(([tag, value], index) => {
      directory.writeUInt16LE(tag, 2 + 12 * index);
      directory.writeUInt16LE(3, 4 + 12 * index);
      directory.writeUInt32LE(1, 6 + 12 * index);
      directory.writeUInt32LE(value, 10 + 12 * index);
    });
    const bytes = Buffer.concat([Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]), directory, Buffer.from(values.buffer)]);
    const image = await readImage(await write('signed.tif', bytes));
    expect(image.voxels).toEqual(values);
  });
});

describe('what is refused', () => {
  it.each<[string, () => Promise<Uint8Array>, RegExp]>([
    [
      'cut.png',
      async () =>
        (
          await raw(
            new Uint8Array(4096).map((_, i) => i * 7),
            64,
            64,
            1,
          )
            .png()
            .toBuffer()
        ).subarray(0, 150),
      /damaged, cut short/,
    ],
    [
      'cut.jpg',
      async () =>
        (
          await raw(
            new Uint8Array(4096).map((_, i) => i * 7),
            64,
            64,
            1,
          )
            .jpeg()
            .toBuffer()
        ).subarray(0, 700),
      /damaged, cut short/,
    ],
    ['text.png', () => Promise.resolve(Buffer.from('not a picture')), /damaged, cut short/],
    ['empty.png', () => Promise.resolve(new Uint8Array(0)), /damaged, cut short/],
    ['x.bmp', () => Promise.resolve(new Uint8Array(9)), /\.bmp, a format that is not read: convert it/],
    ['noextension', () => Promise.resolve(new Uint8Array(9)), /has no extension/],
  ])('%s: one line that names the file', async (name, bytes, message) => {
    const file = await write(name, await bytes());
    const error: unknown = await readImage(file).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'UserError', details: { file } });
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(file);
    expect(String(error)).not.toContain('\n');
  });

  it('a missing file and a folder', async () => {
    await expect(readImage(path.join(folder, 'no.png'))).rejects.toThrow(/no\.png does not exist/);
    await expect(readImage(folder)).rejects.toThrow(/is a folder/);
  });
});
