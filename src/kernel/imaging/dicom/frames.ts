import { UserError } from '../../errors';
import { codestreamOf, readCodestreamHeader, type CodestreamHeader } from './codestream';
import { decodeFrame, type DecodedFrame } from './codecModule';
import type { DicomFile } from './parse';
import type { PixelLayout } from './pixelLayout';
import { isWholeRleFrame } from './rleCheck';
import { tags } from './tags';

/** One frame's samples as they are stored, little-endian; colours interleaved. */
export interface StoredFrame {
  readonly bytes: Uint8Array;
  readonly bitsAllocated: number;
  /** Which bits of a sample count. */
  readonly bitsStored: number;
  readonly highBit: number;
  /** Whether three samples are YCbCr. */
  readonly ybr: boolean;
}

/**
 * The frames of an object, decompressed one at a time.
 * @throws UserError when pixels are missing, cut short, damaged or other than the header says.
 */
export function framesOf(file: DicomFile, layout: PixelLayout): (frame: number) => Promise<StoredFrame> {
  const { codec } = file.syntax;
  if (codec === null) {
    const pixels = nativePixels(file, layout);
    return (frame) => Promise.resolve(nativeFrame(file, layout, pixels, frame));
  }
  const fragments = file.data.element(tags.PixelData)?.fragments;
  if (!fragments || fragments.length < 2) throw missing(file);
  const streams = groupFragments(file, layout.frames, fragments);
  return async (frame) => {
    const stream = codestreamOf(streams[frame]);
    const header = codec === 'rle' || codec === 'jpegXl' ? null : checkedHeader(file, layout, stream);
    if (codec === 'rle' && !isWholeRleFrame(stream, layout)) {
      throw new UserError(`${file.path} is damaged or cut short: its RLE pixels do not add up; get it again`, {
        file: file.path,
      });
    }
    try {
      const precision = header?.precision ?? layout.bitsStored;
      const decoded = await decodeFrame(codec, stream, {
        ...layout,
        bitsStored: Math.min(precision, layout.bitsAllocated),
      });
      return compressedFrame(file, layout, header, decoded);
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      const reason = cause instanceof Error ? cause.message.trim().split('\n')[0] : String(cause);
      throw new UserError(
        `${file.path} is damaged or cut short: its ${file.syntax.name} pixels could not be decoded (${reason}); get it again`,
        { file: file.path, cause },
      );
    }
  };
}

function nativePixels(file: DicomFile, layout: PixelLayout): Uint8Array {
  const tag = layout.float
    ? layout.bitsAllocated === 64
      ? tags.DoubleFloatPixelData
      : tags.FloatPixelData
    : tags.PixelData;
  const pixels = file.data.bytes(tag);
  if (!pixels) throw missing(file);
  if (layout.photometric === 'YBR_FULL_422' && (layout.bitsAllocated !== 8 || layout.columns % 2 !== 0)) {
    throw new UserError(`${file.path} stores YBR_FULL_422 otherwise than in pairs of bytes: save it as RGB`, {
      file: file.path,
    });
  }
  const needed = Math.ceil((layout.frames * frameBits(layout)) / 8);
  if (pixels.length < needed) {
    throw new UserError(
      `${file.path} is cut short: its header promises ${needed} bytes of pixels, it holds ${pixels.length}; get it again`,
      { file: file.path },
    );
  }
  return pixels;
}

function frameBits({ columns, rows, samplesPerPixel, bitsAllocated, photometric }: PixelLayout): number {
  // YBR_FULL_422: two pixels share their colour, in the order Y Y Cb Cr (PS3.3 C.7.6.3.1.2).
  const samples = photometric === 'YBR_FULL_422' ? 2 : samplesPerPixel;
  return columns * rows * samples * bitsAllocated;
}

function nativeFrame(file: DicomFile, layout: PixelLayout, pixels: Uint8Array, frame: number): StoredFrame {
  const { bitsAllocated, bitsStored, highBit, photometric } = layout;
  const bits = frameBits(layout);
  const ybr = photometric === 'YBR_FULL' || photometric === 'YBR_FULL_422';
  const stored = { bitsAllocated: Math.max(8, bitsAllocated), bitsStored, highBit, ybr };
  if (bitsAllocated === 1) return { ...stored, bytes: unpackBits(pixels, frame * bits, bits) };
  let bytes = pixels.subarray((frame * bits) / 8, ((frame + 1) * bits) / 8);
  if (!file.syntax.little) bytes = reverseWords(bytes, bitsAllocated / 8);
  if (photometric === 'YBR_FULL_422') bytes = unpack422(bytes, layout);
  else if (layout.samplesPerPixel === 3 && layout.planar) bytes = interleave(bytes, bitsAllocated / 8);
  return { ...stored, bytes };
}

/** First pixel in the lowest bit; frames follow each other without padding (PS3.5 8.1.1). */
function unpackBits(packed: Uint8Array, from: number, count: number): Uint8Array {
  const values = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const bit = from + index;
    values[index] = (packed[bit >> 3] >> (bit & 7)) & 1;
  }
  return values;
}

function reverseWords(bytes: Uint8Array, size: number): Uint8Array {
  const copy = Buffer.from(bytes);
  if (size === 2) copy.swap16();
  if (size === 4) copy.swap32();
  if (size === 8) copy.swap64();
  return copy;
}

function unpack422(bytes: Uint8Array, { columns, rows }: PixelLayout): Uint8Array {
  const ybr = new Uint8Array(columns * rows * 3);
  for (let pair = 0, at = 0; pair < (columns * rows) / 2; pair++) {
    const [first, second, blue, red] = bytes.subarray(4 * pair, 4 * pair + 4);
    for (const luminance of [first, second]) {
      ybr[at++] = luminance;
      ybr[at++] = blue;
      ybr[at++] = red;
    }
  }
  return ybr;
}

/** Planes of one colour after the other → colours of one pixel beside each other. */
function interleave(bytes: Uint8Array, size: number): Uint8Array {
  const pixels = bytes.length / (3 * size);
  const mixed = new Uint8Array(bytes.length);
  for (let pixel = 0, at = 0; pixel < pixels; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      for (let byte = 0; byte < size; byte++) mixed[at++] = bytes[(colour * pixels + pixel) * size + byte];
    }
  }
  return mixed;
}

/** One stream per frame: by their number, by the offset table, or by where streams start. */
function groupFragments(file: DicomFile, frames: number, [offsets, ...fragments]: readonly Uint8Array[]): Uint8Array[] {
  if (frames === 1) return [join(fragments)];
  if (fragments.length === frames) return fragments;
  const starts = startsByTable(offsets, fragments, frames) ?? startsByMarker(fragments);
  if (starts.length !== frames) {
    throw new UserError(
      `${file.path} is damaged or cut short: its header promises ${frames} frames, ${starts.length} could be told apart; get it again`,
      { file: file.path },
    );
  }
  return starts.map((start, index) => join(fragments.slice(start, starts[index + 1])));
}

/** Offsets are from the first fragment's header, of 8 bytes, as the others'. */
function startsByTable(offsets: Uint8Array, fragments: readonly Uint8Array[], frames: number): number[] | null {
  if (offsets.length !== 4 * frames) return null;
  const places = new Map<number, number>();
  let at = 0;
  fragments.forEach((fragment, index) => {
    places.set(at, index);
    at += 8 + fragment.length;
  });
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const starts = Array.from({ length: frames }, (_, frame) => places.get(view.getUint32(4 * frame, true)));
  return starts.every((start) => start !== undefined) ? starts : null;
}

const startsByMarker = (fragments: readonly Uint8Array[]): number[] =>
  fragments.flatMap((fragment, index) =>
    fragment[0] === 0xff && (fragment[1] === 0xd8 || fragment[1] === 0x4f) ? [index] : [],
  );

const join = (fragments: readonly Uint8Array[]): Uint8Array =>
  fragments.length === 1 ? fragments[0] : Buffer.concat(fragments);

/** Compared before anything is decoded: a decoder takes the memory that its stream asks for. */
function checkedHeader(file: DicomFile, layout: PixelLayout, stream: Uint8Array): CodestreamHeader {
  const header = readCodestreamHeader(stream);
  if (!header) {
    throw new UserError(
      `${file.path} is damaged or cut short: its pixels are no ${file.syntax.name} stream; get it again`,
      { file: file.path },
    );
  }
  const { columns, rows, components } = header;
  if (columns !== layout.columns || rows !== layout.rows || components !== layout.samplesPerPixel) {
    const stated = `${layout.columns} × ${layout.rows} × ${layout.samplesPerPixel}`;
    throw new UserError(
      `${file.path} contradicts itself: its header says ${stated}, its pixels are ${columns} × ${rows} × ${components}; get it again`,
      { file: file.path },
    );
  }
  return header;
}

function compressedFrame(
  file: DicomFile,
  layout: PixelLayout,
  header: CodestreamHeader | null,
  decoded: DecodedFrame,
): StoredFrame {
  const samples = layout.columns * layout.rows * layout.samplesPerPixel;
  const size = decoded.bytes.length / samples;
  if (size !== 1 && size !== 2 && size !== 4) {
    throw new UserError(
      `${file.path} is damaged or cut short: ${decoded.bytes.length} bytes of pixels for ${samples} values; get it again`,
      { file: file.path },
    );
  }
  const bitsAllocated = 8 * size;
  const planar = layout.samplesPerPixel === 3 && decoded.planar;
  const bytes = planar ? interleave(decoded.bytes, size) : decoded.bytes;
  const said = layout.photometric === 'YBR_FULL' || layout.photometric === 'YBR_FULL_422';
  const ybr = layout.samplesPerPixel === 3 && (header?.ybr ?? said);
  if (!header) return { bytes, bitsAllocated, bitsStored: layout.bitsStored, highBit: layout.highBit, ybr };
  // A code stream's own precision counts: headers are wrong about it more often.
  const bitsStored = Math.min(header.precision, bitsAllocated);
  return { bytes, bitsAllocated, bitsStored, highBit: bitsStored - 1, ybr };
}

const missing = (file: DicomFile): UserError =>
  new UserError(`${file.path} holds no pixels, though its header describes them: get it again`, { file: file.path });
