import sharp, { type Metadata } from 'sharp';
import { UserError } from '../errors';
import { readFileBytes } from '../files';
import { isBmp, readBmp } from './bmpFile';
import type { MedicalImage, Voxels } from './types';

/**
 * Reads a PNG, JPEG, TIFF or BMP. Grey stays one channel at its own depth; everything else becomes 8-bit RGB, transparency on
 * black; the EXIF orientation is applied. Pages of one size in a TIFF are slices.
 * @throws UserError when the file is missing, damaged or cut short.
 */
export async function readRasterFile(file: string): Promise<MedicalImage> {
  // Bytes, not the path: libvips keeps decoded files by name and would answer with a mask that has since been rewritten.
  const bytes = await readFileBytes(file);
  try {
    return isBmp(bytes) ? readBmp(file, bytes) : await decode(file, bytes);
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
  const depth = grey ? metadata.depth : 'uchar';
  pipeline.toColourspace(grey ? (depth === 'ushort' ? 'grey16' : 'b-w') : 'srgb');
  const { data, info } = await pipeline.raw({ depth }).toBuffer({ resolveWithObject: true });
  const channels = info.channels;
  if (channels !== 1 && channels !== 3) throw new Error(`${channels} channels`);
  return {
    path: file,
    size: [info.width, info.height / pages, pages],
    channels,
    voxels: typed(data, depth),
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
