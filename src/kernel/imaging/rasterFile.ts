import sharp, { type Metadata } from 'sharp';
import { UserError } from '../errors';
import { readFileBytes } from '../files';
import type { MedicalImage, Voxels } from './types';

/**
 * Reads a PNG, JPEG or TIFF. Grey stays one channel at its own depth; everything else becomes 8-bit RGB, transparency on
 * black; the EXIF orientation is applied. Pages of one size in a TIFF are slices.
 * @throws UserError when the file is missing, damaged or cut short.
 */
export async function readRasterFile(file: string): Promise<MedicalImage> {
  // Bytes, not the path: libvips keeps decoded files by name and would answer with a mask that has since been rewritten.
  const bytes = await readFileBytes(file);
  try {
    return await decode(file, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split('\n')[0] : String(cause);
    throw new UserError(
      `${file} is damaged, cut short or not what its name says (${reason}): get it again or convert it`,
      { file, cause },
    );
  }
}

async function decode(file: string, bytes: Buffer): Promise<MedicalImage> {
  const metadata = await sharp(bytes).metadata();
  const pages = metadata.pages ?? 1;
  if (pages === 1) return decodePages(file, bytes, metadata, 1);
  try {
    return await decodePages(file, bytes, metadata, pages);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('differs from page')) throw error;
    // Reduced copies of the first page, or pictures that have nothing to do with each other.
    const first = await decodePages(file, bytes, metadata, 1);
    return { ...first, notes: [`its ${pages} pages differ in kind or size: only the first is shown`] };
  }
}

async function decodePages(file: string, bytes: Buffer, metadata: Metadata, pages: number): Promise<MedicalImage> {
  const grey = isGrey(metadata);
  const pipeline = sharp(bytes, {
    failOn: 'error',
    pages,
    // A colour profile would change the intensities; CMYK has no meaning without one.
    ignoreIcc: metadata.space !== 'cmyk',
  });
  // An orientation is turned page by page; a stack of pages has none.
  if (pages === 1) pipeline.autoOrient();
  if (metadata.hasAlpha) pipeline.flatten({ background: '#000000' });
  const signed = grey && metadata.depth === 'short';
  // libvips knows no signed grey and would cut off what is below 0: read as unsigned from −32768 on.
  if (signed) pipeline.linear(1, 0x8000);
  const depth = signed ? 'ushort' : grey ? metadata.depth : 'uchar';
  pipeline.toColourspace(grey ? (depth === 'ushort' ? 'grey16' : 'b-w') : 'srgb');
  const { data, info } = await pipeline.raw({ depth }).toBuffer({ resolveWithObject: true });
  const channels = info.channels;
  if (channels !== 1 && channels !== 3) throw new Error(`${channels} channels`);
  return {
    path: file,
    size: [info.width, info.height / pages, pages],
    channels,
    voxels: signed ? Int16Array.from(typed(data, depth), (value) => value - 0x8000) : typed(data, depth),
    spacing: null,
    origin: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
}

const isGrey = ({ space, channels, hasAlpha }: Metadata): boolean =>
  space === 'b-w' || space === 'grey16' || channels - (hasAlpha ? 1 : 0) === 1;

function typed(data: Buffer, depth: Metadata['depth']): Voxels {
  // A Buffer may start anywhere in its pool; a typed array of wider elements may not.
  const bytes = new Uint8Array(data).buffer;
  switch (depth) {
    case 'uchar':
      return new Uint8Array(bytes);
    case 'char':
      return new Int8Array(bytes);
    case 'ushort':
      return new Uint16Array(bytes);
    case 'short':
      return new Int16Array(bytes);
    case 'uint':
      return new Uint32Array(bytes);
    case 'int':
      return new Int32Array(bytes);
    case 'float':
      return new Float32Array(bytes);
    case 'double':
      return new Float64Array(bytes);
    default:
      throw new Error(`${depth} pixels`);
  }
}
