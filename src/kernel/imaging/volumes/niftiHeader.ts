import { UserError } from '../../errors';
import { firstBytes, packingOf } from './byteSource';
import { elementBytes, type Element } from './elements';
import { badHeader, type VolumeLayout } from './layout';
import { niftiGeometry } from './niftiGeometry';

/** Header and the four bytes that name extensions. */
const headerBytes = 352;

/** Data types by their number in the header (nifti1.h). */
const elements: Readonly<Record<number, Element>> = {
  2: 'uint8',
  4: 'int16',
  8: 'int32',
  16: 'float32',
  64: 'float64',
  256: 'int8',
  512: 'uint16',
  768: 'uint32',
  1024: 'int64',
  1280: 'uint64',
};
const several: Readonly<Record<number, string>> = {
  32: 'complex numbers',
  1792: 'complex numbers',
  2048: 'complex numbers',
  2304: 'RGB with transparency',
};
const rgb24 = 128;

/**
 * Reads the header of a NIfTI-1 file, plain or compressed, in either byte order.
 * @throws UserError when it is none, is of version 2, or cannot be followed
 */
export async function niftiLayout(file: string): Promise<VolumeLayout> {
  const packing = await packingOf(file);
  const header = await firstBytes(file, packing, headerBytes);
  const little = header.length >= 348 && header.readInt32LE(0) === 348;
  if (!little && !(header.length >= 348 && header.readInt32BE(0) === 348)) throw noNifti(file, header);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const magic = header.toString('latin1', 344, 347);
  if (magic === 'ni1')
    throw badHeader(file, 'its voxels lie in another file (.img); save both as one (nibabel, SimpleITK)');
  if (magic !== 'n+1') throw noNifti(file, header);
  const { extents, channels } = axesOf(file, view, little);
  const code = view.getInt16(70, little);
  const element = code === rgb24 ? 'uint8' : elements[code];
  if (several[code]) throw badHeader(file, `it holds several values per voxel (${several[code]}): save one of them`);
  if (element === undefined)
    throw badHeader(file, `its values are of NIfTI's type ${code}, which is not read; save it with another`);
  const colours = code === rgb24 ? 3 : channels;
  const data = { file, encoding: packing === 'none' ? 'raw' : 'deflated', skipLines: 0 } as const;
  return {
    file,
    extents,
    element,
    little,
    channels: colours,
    channelAxis: code === rgb24 ? 0 : extents.length,
    geometry: niftiGeometry(file, view, little, extents),
    scale: code === rgb24 ? null : scaleOf(view, little),
    data: [{ ...data, from: 0, skipBytes: offsetOf(file, view, little, elementBytes(element)) }],
  };
}

function noNifti(file: string, header: Buffer): UserError {
  const isSecond = header.length >= 4 && (header.readInt32LE(0) === 540 || header.readInt32BE(0) === 540);
  if (!isSecond) return new UserError(`${file} is not a NIfTI file: check where it comes from`, { file });
  return new UserError(`${file} is of NIfTI version 2, which is not read: save it as version 1 (nibabel, SimpleITK)`, {
    file,
  });
}

/** `dim[0]` counts the axes, `dim[1…7]` are their extents; the fifth may hold the values of one voxel. */
function axesOf(file: string, view: DataView, little: boolean): { extents: number[]; channels: number } {
  const dim = (index: number): number => view.getInt16(40 + 2 * index, little);
  const axes = dim(0);
  // Some programs leave axes beyond the third at 0.
  const extents = Array.from({ length: Math.max(Math.min(axes, 7), 0) }, (_, axis) =>
    axis > 2 && dim(axis + 1) === 0 ? 1 : dim(axis + 1),
  );
  if (axes < 1 || axes > 7 || !extents.every((extent) => extent >= 1)) {
    throw badHeader(
      file,
      `its header gives ${axes} axes the sizes ${extents.join(' ')}; it is no NIfTI file, or damaged`,
    );
  }
  const intent = view.getInt16(68, little);
  const vectors = (intent >= 1004 && intent <= 1011) || intent === 2003 || intent === 2004;
  if (!vectors || (extents[4] ?? 1) === 1) return { extents, channels: 1 };
  return { extents: extents.filter((_, axis) => axis !== 4), channels: extents[4] };
}

/** Where voxels begin; 0 means right after the header. */
function offsetOf(file: string, view: DataView, little: boolean, width: number): number {
  const offset = Math.floor(view.getFloat32(108, little));
  if (offset === 0) return headerBytes;
  if (offset >= 348 && Number.isSafeInteger(offset)) return offset;
  throw badHeader(file, `its header puts its voxels of ${width} bytes at byte ${offset}; get it again`);
}

/** A slope of 0, or one that is no number, means none. */
function scaleOf(view: DataView, little: boolean): VolumeLayout['scale'] {
  const [slope, intercept] = [view.getFloat32(112, little), view.getFloat32(116, little)];
  const scales =
    Number.isFinite(slope) && Number.isFinite(intercept) && slope !== 0 && (slope !== 1 || intercept !== 0);
  return scales ? { slope, intercept } : null;
}
