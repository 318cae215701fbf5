import { UserError } from '../errors';

/** As `MedicalImage` has it: LPS, mm. */
export interface NiftiGeometry {
  readonly spacing: readonly [number, number, number];
  readonly origin: readonly [number, number, number];
  readonly direction: readonly number[];
}

/** Cosine up to which axes count as at right angles: 0.06°. */
const straight = 1e-3;

/** mm per unit of `xyzt_units`: unknown, metre, millimetre, micrometre. */
const units = [1, 1000, 1, 1e-3];

/**
 * The geometry of a NIfTI-1 header (nifti1.h): the sform where it has a code, else the qform. A sheared sform, which no
 * image of ours can say, gives way to the qform. Null where neither has a code.
 *
 * ITK takes the spacing from `pixdim` and the axes from the sform; where they contradict each other, that is neither.
 * @throws UserError when the only form is sheared.
 */
export function niftiGeometry(file: string, bytes: Buffer, little: boolean): NiftiGeometry | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mm = units[view.getUint8(123) & 7] ?? 1;
  const float = (at: number): number => view.getFloat32(at, little) * mm;
  const qform = view.getInt16(252, little) > 0 ? qformOf(view, little, mm) : null;
  if (view.getInt16(254, little) <= 0) return qform;
  const rows = [0, 1, 2].map((row) => [0, 1, 2, 3].map((column) => float(280 + 16 * row + 4 * column)));
  const sform = geometryOf(rows);
  if (sform) return sform;
  // A flat image may leave its third axis out.
  const flat = [0, 1, 2].some((column) => rows.every((row) => row[column] === 0));
  if (qform || flat) return qform;
  throw new UserError(
    `${file} has axes that are not at right angles (a sheared sform): resample it to a grid that is (SimpleITK, nibabel)`,
    { file },
  );
}

/** RAS → LPS; null for axes of no length, or not at right angles. */
function geometryOf(rows: readonly (readonly number[])[]): NiftiGeometry | null {
  const signs = [-1, -1, 1];
  const column = (index: number): number[] => rows.map((row, axis) => signs[axis] * row[index]);
  const axes = [column(0), column(1), column(2)];
  const lengths = axes.map((axis) => Math.hypot(...axis));
  if (!lengths.every((length) => length > 0 && Number.isFinite(length))) return null;
  const unit = axes.map((axis, index) => axis.map((value) => value / lengths[index]));
  const skewed = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].some(([a, b]) => Math.abs(unit[a].reduce((sum, value, axis) => sum + value * unit[b][axis], 0)) > straight);
  if (skewed) return null;
  const [x, y, z] = column(3);
  return {
    spacing: [lengths[0], lengths[1], lengths[2]],
    origin: [x + 0, y + 0, z + 0],
    direction: [0, 1, 2].flatMap((row) => [unit[0][row], unit[1][row], unit[2][row]].map((value) => value + 0)),
  };
}

/** Method 2 of nifti1.h: a unit quaternion without its real part, and the sign of the third axis in `pixdim[0]`. */
function qformOf(view: DataView, little: boolean, mm: number): NiftiGeometry | null {
  const float = (at: number): number => view.getFloat32(at, little);
  const [b, c, d] = [float(256), float(260), float(264)];
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const [dx, dy, dz] = [80, 84, 88].map((at) => Math.abs(float(at)) * mm);
  const side = float(76) < 0 ? -1 : 1;
  const rotation = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
  ];
  return geometryOf(rotation.map(([x, y, z], row) => [x * dx, y * dy, side * z * dz, float(268 + 4 * row) * mm]));
}
