import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { Context, NativeCodecs } from 'dcmjs-codecs';
import { readImage } from '../../../../src/kernel/imaging';
import { projectRoot } from '../../../support/projectRoot';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { dicomFile, picture, type SyntaxName } from './dicomBytes';

const fixtures = path.join(projectRoot, 'test', 'fixtures', 'dicom');
const [width, height] = [40, 36];

/** The pixels that test/fixtures/dicom/make.py drew. */
const drawn = (value: (x: number, y: number) => number[], flip = false): number[] =>
  Array.from({ length: width * height }, (_, index) => {
    const [x, y] = [index % width, Math.floor(index / width)];
    return value(x, flip ? height - 1 - y : y);
  }).flat();
const grey = (x: number, y: number): number[] => [(97 * x + 61 * y + 11 * x * y) % 4096];
const colour = (x: number, y: number): number[] => [6 * x, 7 * y, 3 * (x + y)];

describe('what other encoders wrote', () => {
  it.each<[string, number[], number]>([
    ['rle-grey', drawn(grey), 0],
    ['rle-colour', drawn(colour), 0],
    ['rle-frames', [...drawn(grey), ...drawn(grey, true)], 0],
    ['jpeg-lossless-grey', drawn(grey), 0],
    ['jpeg-lossless-colour', drawn(colour), 0],
    ['jpeg-lossless-fragments', [...drawn(grey), ...drawn(grey, true)], 0],
    ['jpegls-grey', drawn(grey), 0],
    ['jpegls-colour', drawn(colour), 0],
    ['jpeg2000-grey', drawn(grey), 0],
    ['jpeg2000-signed', drawn((x, y) => grey(x, y).map((value) => value - 2048)), 0],
    ['jpeg2000-colour', drawn(colour), 0],
    ['jpeg-extended-grey', drawn((x, y) => [50 * x + 45 * y]), 4],
    ['jpeg-baseline-colour', drawn(colour), 6],
  ])('%s', async (name, expected, tolerance) => {
    const image = await readImage(path.join(fixtures, `${name}.dcm`));
    expect(image.voxels).toHaveLength(expected.length);
    const worst = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - image.voxels[index])), 0);
    expect(worst).toBeLessThanOrEqual(tolerance);
  });
});

const temporary = temporaryFolder('dicom-codecs');

describe('what is encoded here', () => {
  const read = async (name: string, bytes: Uint8Array): ReturnType<typeof readImage> => {
    const file = path.join(temporary, name);
    await fs.writeFile(file, bytes);
    return readImage(file);
  };
  const context = (pixels: Uint8Array, samples: number, bits: number): Context =>
    new Context({
      width,
      height,
      bitsAllocated: bits > 8 ? 16 : 8,
      bitsStored: bits,
      samplesPerPixel: samples,
      pixelRepresentation: 0,
      planarConfiguration: 0,
      photometricInterpretation: samples === 3 ? 'RGB' : 'MONOCHROME2',
      decodedBuffer: pixels,
    });
  const greyBytes = new Uint8Array(Uint16Array.from(drawn(grey)).buffer);

  beforeAll(() =>
    NativeCodecs.initializeAsync({
      webAssemblyModulePathOrUrl: createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm'),
    }),
  );

  it.each<[SyntaxName, (c: Context) => Context]>([
    ['htj2k', (c) => NativeCodecs.encodeHtJpeg2000(c)],
    ['jpegXl', (c) => NativeCodecs.encodeJpegXl(c)],
    ['jpegLs', (c) => NativeCodecs.encodeJpegLs(c)],
    ['jpeg2000', (c) => NativeCodecs.encodeJpeg2000(c)],
    ['jpegLossless', (c) => NativeCodecs.encodeJpeg(c)],
  ])('%s, grey and colour', async (syntax, encode) => {
    for (const [samples, bits, pixels] of [
      [1, 12, greyBytes],
      [3, 8, Uint8Array.from(drawn(colour))],
    ] as const) {
      const encoded = encode(context(pixels, samples, bits)).getEncodedBuffer() ?? new Uint8Array(0);
      const layout = { columns: width, rows: height, samples, bits: bits > 8 ? 16 : 8, stored: bits };
      const photometric = samples === 3 ? 'RGB' : 'MONOCHROME2';
      const file = dicomFile(
        picture({ ...layout, photometric, pixels: { fragments: [new Uint8Array(0), encoded] } }),
        syntax,
      );
      const image = await read(`${syntax}.dcm`, file);
      expect([...image.voxels]).toEqual(samples === 3 ? drawn(colour) : drawn(grey));
    }
  });

  it('a JPEG in several fragments, told apart by the offset table; colours by its own marker', async () => {
    const frames = await Promise.all(
      [false, true].map((flip) =>
        sharp(Uint8Array.from(drawn(colour, flip)), { raw: { width, height, channels: 3 } })
          .jpeg({ quality: 98, chromaSubsampling: '4:4:4' })
          .toBuffer()
          // libvips writes none of its own.
          .then((jpeg) => Buffer.concat([jpeg.subarray(0, 2), jfif, jpeg.subarray(2)])),
      ),
    );
    const even = frames.map((frame) => (frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.of(0)])));
    const fragments = even.flatMap((frame) => [frame.subarray(0, 100), frame.subarray(100)]);
    const offsets = new Uint8Array(Uint32Array.of(0, 16 + even[0].length).buffer);
    // RGB is what careless headers say of every JPEG; this one has a JFIF marker, so it is YCbCr.
    const layout = { columns: width, rows: height, samples: 3, bits: 8, frames: 2, photometric: 'RGB' };
    for (const table of [offsets, new Uint8Array(0)]) {
      const file = dicomFile(picture({ ...layout, pixels: { fragments: [table, ...fragments] } }), 'jpegBaseline');
      const image = await read('cine.dcm', file);
      const expected = [...drawn(colour), ...drawn(colour, true)];
      const worst = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - image.voxels[index])), 0);
      expect(worst).toBeLessThanOrEqual(8);
    }
  });

  it.each<[string, (bytes: Buffer) => Uint8Array, RegExp]>([
    ['cut stream', (bytes) => bytes.subarray(0, 400), /damaged or cut short: it ends too early/],
    [
      'other size',
      (bytes) => swap(bytes, [0x28, 0, 0x11, 0, 0x55, 0x53, 2, 0, 40], [0x28, 0, 0x11, 0, 0x55, 0x53, 2, 0, 41]),
      /its header says 41 × 36 × 1, its pixels are 40 × 36 × 1/,
    ],
    ['no stream', (bytes) => swap(bytes, [0xff, 0x4f, 0xff, 0x51], [1, 2, 3, 4]), /no JPEG 2000 lossless stream/],
  ])('%s is refused, and the next file is read all the same', async (name, change, message) => {
    const whole = await fs.readFile(path.join(fixtures, 'jpeg2000-grey.dcm'));
    const file = change(whole);
    const problem = await read(`${name}.dcm`, file).then(
      () => null,
      (error: unknown) => error,
    );
    expect(problem).toMatchObject({ name: 'UserError', message: expect.stringMatching(message) });
    expect([...(await read('again.dcm', whole)).voxels]).toEqual(drawn(grey));
  });
});

/** APP0 of ITU-T T.871. */
const jfif = Buffer.concat([
  Buffer.from([0xff, 0xe0, 0, 16]),
  Buffer.from('JFIF\0'),
  Buffer.from([1, 2, 0, 0, 1, 0, 1, 0, 0]),
]);

it('an RLE frame that is not whole is refused, not filled up', async () => {
  const whole = await fs.readFile(path.join(fixtures, 'rle-grey.dcm'));
  const data = whole.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
  const start = whole.indexOf(Buffer.from(Uint32Array.of(2, 64).buffer), data);
  const stream = whole.subarray(start, -8);
  const layout = { columns: width, rows: height, bits: 16, stored: 12 };
  for (const cut of [stream.subarray(0, -20), stream.subarray(0, 70), stream.subarray(0, 10)]) {
    const file = path.join(temporary, 'cut.dcm');
    await fs.writeFile(file, dicomFile(picture({ ...layout, pixels: { fragments: [new Uint8Array(0), cut] } }), 'rle'));
    await expect(readImage(file)).rejects.toThrow(/RLE pixels do not add up/);
  }
});

function swap(bytes: Buffer, from: readonly number[], to: readonly number[]): Buffer {
  const at = bytes.indexOf(Buffer.from(from));
  expect(at).toBeGreaterThan(0);
  const changed = Buffer.from(bytes);
  changed.set(to, at);
  return changed;
}
