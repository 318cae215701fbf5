import fs from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/kernel/errors';
import { readImage } from '../../../../src/kernel/imaging';
import { parseDicom } from '../../../../src/kernel/imaging/dicom/parse';
import { assemble } from '../../../../src/kernel/imaging/dicom/assemble';
import { scan } from '../../../../src/kernel/imaging/dicom/scan';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { dataSet, dicomFile, picture, place, type Item, type SyntaxName } from './dicomBytes';

const folder = temporaryFolder('dicom');

let written = 0;
async function read(bytes: Uint8Array, name = `${written++}.dcm`): ReturnType<typeof readImage> {
  const file = path.join(folder, name);
  await fs.writeFile(file, bytes);
  return readImage(file);
}

const values = [-2048, -1, 0, 1, 100, 2047];
const slice = place({ instance: '1.2.3.4.1', position: [10, -20, 30] });
const grey: Item = { ...slice, ...picture({ columns: 3, rows: 2, signed: true, pixels: values }) };

describe('a slice', () => {
  const encodings: [SyntaxName, boolean][] = [
    ['implicit', false],
    ['implicit', true],
    ['explicit', false],
    ['explicit', true],
    ['bigEndian', true],
    ['deflated', false],
  ];
  it.each(encodings)('%s, undefined lengths %s: the same pixels and geometry', async (syntax, undefinedLengths) => {
    const nested: Item = { 0x00081140: ['SQ', [{ 0x00081150: ['UI', '1.2'], 0x00081155: ['UI', '3.4'] }, {}]] };
    const image = await read(dicomFile({ ...grey, ...nested }, syntax, { undefinedLengths }));
    expect(image).toMatchObject({ size: [3, 2, 1], channels: 1, spacing: [3, 2, 1], origin: [10, -20, 30] });
    expect(image.direction).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect([...image.voxels]).toEqual(values);
  });

  it('without preamble, and under any name that looks like a UID', async () => {
    const bare = dataSet({ 0x00080005: ['CS', 'ISO_IR 100'], ...grey }, { explicit: false });
    expect([...(await read(bare)).voxels]).toEqual(values);
    expect([...(await read(dicomFile(grey), 'CT.1.2.840.4')).voxels]).toEqual(values);
  });

  it('a sequence of unknown VR is read as implicit little endian', async () => {
    const inside = dataSet({ 0x00281052: ['DS', '5 '], 0x00281053: ['DS', '2 '] }, { explicit: false });
    const item = Buffer.concat([
      Buffer.from([0xfe, 0xff, 0x00, 0xe0]),
      Buffer.from(Uint32Array.of(inside.length).buffer),
      inside,
    ]);
    const functional: Item = { 0x52009229: ['SQ', [{ 0x00289145: ['UN', item] }]] };
    expect([...(await read(dicomFile({ ...grey, ...functional }))).voxels]).toEqual(values.map((v) => 2 * v + 5));
  });
});

describe('intensities', () => {
  const with_ = async (more: Item, p: Partial<Parameters<typeof picture>[0]> = {}): ReturnType<typeof readImage> =>
    read(dicomFile({ ...slice, ...picture({ columns: 3, rows: 2, pixels: [0, 1, 2, 3, 4, 4095], ...p }), ...more }));

  it('only stored bits count; overlays may fill the others', async () => {
    const image = await with_({}, { stored: 12, signed: true, pixels: [0xf7ff, 0xf800, 0x7fff, 1, 0, 0xf001] });
    expect([...image.voxels]).toEqual([2047, -2048, -1, 1, 0, 1]);
  });

  it('slope and intercept: whole numbers stay whole, others become float', async () => {
    const ct = await with_({ 0x00281052: ['DS', '-1024'], 0x00281053: ['DS', '1'] });
    expect(ct.voxels).toEqual(Int16Array.of(-1024, -1023, -1022, -1021, -1020, 3071));
    const pet = await with_({ 0x00281052: ['DS', '0'], 0x00281053: ['DS', '0.5'] });
    expect(pet.voxels).toEqual(Float32Array.of(0, 0.5, 1, 1.5, 2, 2047.5));
  });

  it('what 16 bits cannot hold takes 32', async () => {
    const wide = await with_({ 0x00281052: ['DS', '-1024'] }, { pixels: [0, 1, 2, 3, 4, 65535] });
    expect(wide.voxels).toEqual(Int32Array.of(-1024, -1023, -1022, -1021, -1020, 64511));
  });

  it('a modality look-up table', async () => {
    const lut: Item = { 0x00283002: ['US', [3, 1, 16]], 0x00283006: ['OW', [100, 200, 300]] };
    const image = await with_({ 0x00283000: ['SQ', [lut]] });
    expect([...image.voxels]).toEqual([100, 100, 200, 300, 300, 300]);
  });

  it('MONOCHROME1 is turned round, its window too', async () => {
    const window: Item = { 0x00281050: ['DS', '100\\7'], 0x00281051: ['DS', '21\\7'] };
    const image = await with_(window, { stored: 12, photometric: 'MONOCHROME1' });
    expect([...image.voxels]).toEqual([4095, 4094, 4093, 4092, 4091, 0]);
    expect(image.window).toEqual({ low: 4095 - 109.5, high: 4095 - 89.5 });
  });

  it.each([
    ['LINEAR', 40, 400, { low: -160, high: 239 }],
    ['LINEAR_EXACT', 40, 400, { low: -160, high: 240 }],
    ['LINEAR', 0, 0, undefined],
  ])('window %s %d %d', async (kind, centre, width, window) => {
    const image = await with_({
      0x00281050: ['DS', String(centre)],
      0x00281051: ['DS', String(width)],
      0x00281056: ['CS', kind],
    });
    expect(image.window).toEqual(window);
  });

  it('float pixels, and one bit per pixel', async () => {
    const { 0x7fe00010: _none, ...layout } = picture({ columns: 2, rows: 1, bits: 32, pixels: [] });
    const floats = new Uint8Array(Float32Array.of(-1.5, 1e6).buffer);
    expect((await read(dicomFile({ ...layout, 0x7fe00008: ['OF', floats] }))).voxels).toEqual(
      Float32Array.of(-1.5, 1e6),
    );
    const bits = picture({ columns: 3, rows: 1, bits: 1, frames: 3, pixels: Uint8Array.of(0b10110101, 1) });
    expect([...(await read(dicomFile(bits))).voxels]).toEqual([1, 0, 1, 0, 1, 1, 0, 1, 1]);
  });
});

describe('colours', () => {
  const rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30];
  const colour = async (photometric: string, pixels: number[], more: Item = {}): Promise<number[]> => {
    const base = picture({ columns: 2, rows: 2, bits: 8, samples: 3, photometric, pixels: Uint8Array.from(pixels) });
    const image = await read(dicomFile({ ...base, ...more }));
    expect(image).toMatchObject({ channels: 3, size: [2, 2, 1], spacing: null });
    return [...image.voxels];
  };

  it('interleaved and in planes', async () => {
    expect(await colour('RGB', rgb)).toEqual(rgb);
    const planes = [0, 1, 2].flatMap((channel) => [0, 1, 2, 3].map((pixel) => rgb[3 * pixel + channel]));
    expect(await colour('RGB', planes, { 0x00280006: ['US', [1]] })).toEqual(rgb);
  });

  it('YBR, full and in pairs', async () => {
    // Of JFIF: red is Y 76, Cb 85, Cr 255.
    const [r, g, b] = await colour('YBR_FULL', [76, 85, 255, 128, 128, 128, 0, 128, 128, 255, 128, 128]);
    expect([r, g, b]).toEqual([254, 0, 0]);
    expect(await colour('YBR_FULL_422', [10, 200, 128, 128, 0, 255, 128, 128])).toEqual(
      [10, 200, 0, 255].flatMap((level) => [level, level, level]),
    );
  });

  it('a palette of 16 bits, first index not 0', async () => {
    const table = (levels: number[]): Item[number] => ['OW', levels.map((level) => level << 8)];
    const descriptor: Item[number] = ['US', [3, 10, 16]];
    const image = await read(
      dicomFile({
        ...picture({
          columns: 4,
          rows: 1,
          bits: 8,
          photometric: 'PALETTE COLOR',
          pixels: Uint8Array.of(0, 10, 11, 200),
        }),
        0x00281101: descriptor,
        0x00281102: descriptor,
        0x00281103: descriptor,
        0x00281201: table([1, 2, 3]),
        0x00281202: table([4, 5, 6]),
        0x00281203: table([7, 8, 9]),
      }),
    );
    expect([...image.voxels]).toEqual([1, 4, 7, 1, 4, 7, 2, 5, 8, 3, 6, 9]);
  });
});

describe('enhanced multi-frame', () => {
  const frame = (z: number, slope: number): Item => ({
    0x00209113: ['SQ', [{ 0x00200032: ['DS', `1\\2\\${z}`] }]],
    0x00289145: ['SQ', [{ 0x00281052: ['DS', '0'], 0x00281053: ['DS', String(slope)] }]],
  });
  const at = (x: number): Item => ({ 0x00209113: ['SQ', [{ 0x00200032: ['DS', `${x}\\2\\3`] }]] });
  const shared: Item = {
    0x00209116: ['SQ', [{ 0x00200037: ['DS', '0\\1\\0\\0\\0\\-1'] }]],
    0x00289110: ['SQ', [{ 0x00180050: ['DS', '9'], 0x00280030: ['DS', '0.5\\0.25'] }]],
  };
  const object = (frames: Item[]): Item => ({
    0x00080060: ['CS', 'MR'],
    ...picture({ columns: 1, rows: 1, frames: frames.length, pixels: frames.map((_, index) => index + 1) }),
    0x52009229: ['SQ', [shared]],
    0x52009230: ['SQ', frames],
  });

  it('frames are sorted along their normal, each with its own rescaling', async () => {
    const places = [3, 1, 2].map((x) => ({ ...frame(0, 10 * x), ...at(x) }));
    const image = await read(dicomFile(object(places)));
    // Rows run to y, columns to −z: the normal is −x, so the first slice is at the largest x.
    expect([...image.voxels]).toEqual([30, 60, 20]);
    expect(image.origin).toEqual([3, 2, 3]);
    expect(image.spacing).toEqual([0.25, 0.5, 1]);
    expect(image.direction).toEqual([0, 0, -1, 1, 0, 0, 0, -1, 0]);
  });

  it('several frames at one position are told, not mixed', async () => {
    const frames = [1, 1, 2, 2].map(at);
    await expect(read(dicomFile(object(frames)))).rejects.toThrow(/2 slices at each of 2 positions/);
  });
});

describe('what is refused, in one line', () => {
  it.each<[string, () => Uint8Array, RegExp]>([
    [
      'cut pixels',
      () => dicomFile(grey).subarray(0, -3),
      /cut short: its header promises 12 bytes of pixels, it holds 9/,
    ],
    ['cut header', () => dicomFile(grey).subarray(0, 200), /cut short|holds no image/],
    ['text', () => Buffer.from('x'.repeat(200)), /not a DICOM file/],
    ['nothing', () => new Uint8Array(0), /not a DICOM file/],
    ['structure set', () => dicomFile({ 0x00080060: ['CS', 'RTSTRUCT'] }), /structure set/],
    ['segmentation', () => dicomFile({ ...grey, 0x00080060: ['CS', 'SEG'] }), /is a segmentation/],
    [
      'no pixels',
      () => dicomFile({ 0x00280010: ['US', [2]], 0x00280011: ['US', [2]], 0x00280100: ['US', [8]] }),
      /holds no pixels/,
    ],
    ['odd bits', () => dicomFile({ ...grey, 0x00280100: ['US', [12]] }), /12 bits per value/],
    [
      'too large',
      () =>
        dicomFile({
          ...grey,
          0x00280010: ['US', [65535]],
          0x00280011: ['US', [65535]],
          0x00280100: ['US', [8]],
          0x00280101: ['US', [8]],
          0x00280102: ['US', [7]],
          0x00280008: ['IS', '99999'],
        }),
      /GB of memory/,
    ],
  ])('%s', async (_name, bytes, message) => {
    const error = await read(bytes()).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).not.toContain('\n');
  });

  it('sequences nested without end', async () => {
    let item: Item = {};
    for (let depth = 0; depth < 60; depth++) item = { 0x00081140: ['SQ', [item]] };
    await expect(read(dicomFile(item, 'explicit', { undefinedLengths: true }))).rejects.toThrow(/nested/);
  });

  it('whatever a file holds: an image or a UserError, soon', async () => {
    const whole = dicomFile({ ...grey, 0x00081140: ['SQ', [{ 0x00081150: ['UI', '1.2'] }]] }, 'explicit', {
      undefinedLengths: true,
    });
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 133), fc.nat(255)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(whole.length), async (flips, kept) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of flips) bytes[132 + at] = value;
        const cut = bytes.subarray(0, flips.length % 2 === 0 ? bytes.length : kept);
        try {
          const dicom = await parseDicom('x.dcm', cut);
          await assemble('x.dcm', [scan(dicom)], () => Promise.resolve(dicom));
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
