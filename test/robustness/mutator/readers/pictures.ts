// PNG, JPEG, TIFF and BMP.
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { fileReader, type Reader, type Seed, type Special } from '../reader';
import { readAndShow } from './imageCheck';

const [width, height] = [24, 17];
const levels = (channels: number, depth: 'uchar' | 'ushort' = 'uchar'): Buffer => {
  const values = Array.from({ length: width * height * channels }, (_, at) => (at * 37 + ((at * at) >> 3)) % 256);
  return Buffer.from((depth === 'uchar' ? Uint8Array : Uint16Array).from(values).buffer);
};
const raw = (channels: 1 | 3 | 4): Sharp => sharp(levels(channels), { raw: { width, height, channels } });

async function pictures(): Promise<Record<string, Buffer[]>> {
  const grey = raw(1).toColourspace('b-w');
  const wide = sharp(new Uint16Array(levels(1, 'ushort').buffer), { raw: { width, height, channels: 1 } });
  const page = await grey.clone().png().toBuffer();
  const pages = sharp([page, page], { join: { animated: true } });
  return {
    png: [
      await grey.clone().png().toBuffer(),
      await raw(3).png({ palette: true }).toBuffer(),
      await raw(4).png({ progressive: true }).toBuffer(),
      await wide.toColourspace('grey16').png().toBuffer(),
    ],
    jpg: [
      await grey.clone().jpeg().toBuffer(),
      await raw(3).jpeg({ progressive: true }).toBuffer(),
      await raw(3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    ],
    tif: [
      await grey.clone().tiff({ compression: 'none' }).toBuffer(),
      await raw(3).tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
      await pages.toColourspace('b-w').tiff({ compression: 'deflate' }).toBuffer(),
      await grey.clone().tiff({ compression: 'jpeg' }).toBuffer(),
    ],
    bmp: [bmp(24), bmp(8), bmp(1)],
  };
}

/** A bitmap by the definition of BITMAPINFOHEADER. */
function bmp(bits: 1 | 8 | 24): Buffer {
  const palette = bits === 24 ? Buffer.alloc(0) : Buffer.from(Array.from({ length: 4 << bits }, (_, at) => at % 256));
  const stride = Math.ceil((width * bits) / 32) * 4;
  const header = Buffer.alloc(54);
  header.write('BM', 'latin1');
  header.writeUInt32LE(54 + palette.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  return Buffer.concat([header, palette, Buffer.from(Array.from({ length: stride * height }, (_, at) => at % 251))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A PNG of any stated size whose pixels are `content`. */
function png(columns: number, rows: number, depth: number, kind: number, content: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  header.set([depth, kind, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', content), chunk('IEND', Buffer.alloc(0))]);
}

const hugePng: Special = (random) => {
  const [columns, rows] = random.pick([
    [30_000, 30_000],
    [100_000, 2000],
    [16_000, 16_000],
    [0x7fffffff, 1],
    [1, 0x7fffffff],
  ]);
  const kind = random.pick([0, 2, 6]);
  return {
    what: `a PNG that says ${columns} × ${rows}`,
    files: { 'image.png': png(columns, rows, 8, kind, deflateSync(Buffer.alloc(4096))) },
  };
};

/** 16 million zeros in 16 kB: a picture that is what it says, but larger than anybody draws. */
const bomb: Special = (random) => {
  const side = random.pick([2000, 4000, 6000]);
  const content = deflateSync(Buffer.alloc((side + 1) * side));
  return { what: `a PNG bomb of ${side} × ${side}`, files: { 'image.png': png(side, side, 8, 0, content) } };
};

const hugeBmp: Special = (random) => {
  const bytes = bmp(random.pick([1, 8, 24]));
  bytes.writeInt32LE(random.pick([20_000, 0x7fffffff, -1, 0, 0x4000_0000]), 18);
  bytes.writeInt32LE(random.pick([20_000, 0x7fffffff, -0x80000000, 0, 1]), 22);
  return { what: 'a BMP of an impossible size', files: { 'image.bmp': bytes } };
};

const seedsOf = (kind: string) => async (): Promise<Seed[]> =>
  (await pictures())[kind].map((bytes) => ({ files: { [`image.${kind}`]: bytes } }));

export const pictureReaders: readonly Reader[] = [
  fileReader('PNG', 5, seedsOf('png'), readAndShow, [hugePng, bomb]),
  fileReader('JPEG', 4, seedsOf('jpg'), readAndShow),
  fileReader('TIFF', 5, seedsOf('tif'), readAndShow),
  fileReader('BMP', 4, seedsOf('bmp'), readAndShow, [hugeBmp]),
];
