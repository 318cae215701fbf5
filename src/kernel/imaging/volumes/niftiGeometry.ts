import { UserError } from '../../errors';
import { geometryOf, three, type VolumeGeometry } from './layout';

/** Cosine up to which axes count as at right angles: 0.06°. */
const straight = 1e-3;

/** mm per unit of `xyzt_units`: unknown, metre, millimetre, micrometre. */
const units = [1, 1000, 1, 1e-3];

/**
 * The geometry of a NIfTI-1 header (nifti1.h): the sform where it has a code, else the qform, else `pixdim` alone. A sheared
 * sform, which no image of ours can say, gives way to the qform. What the forms say of the spacing up to rounding is taken
 * from `pixdim`, which has it rounded once only.
 * @throws UserError when the only form is sheared
 */
export function niftiGeometry(
  file: string,
  view: DataView,
  little: boolean,
  extents: readonly number[],
): VolumeGeometry {
  const mm = units[view.getUint8(123) & 7] ?? 1;
  const stated = [80, 84, 88].map((at) => Math.abs(view.getFloat32(at, little)) * mm || 1);
  const form = formOf(file, view, little, (extents[2] ?? 1) === 1);
  // What `pixdim` says of axes that the file does not have means nothing.
  if (form === null) return geometryOf(file, stated.slice(0, extents.length), [], []);
  const spacing = form.lengths.map((length, axis) => {
    const measured = length * mm;
    return Math.abs(stated[axis] - measured) <= 1e-4 * Math.max(1, measured) ? stated[axis] : measured;
  });
  return geometryOf(
    file,
    three(spacing, 1),
    form.origin.map((value) => value * mm),
    form.axes,
  );
}

interface Form {
  /** Unit vectors, LPS. */
  readonly axes: readonly (readonly number[])[];
  /** In the file's unit. */
  readonly lengths: readonly number[];
  readonly origin: readonly number[];
}

function formOf(file: string, view: DataView, little: boolean, flat: boolean): Form | null {
  const float = (at: number): number => view.getFloat32(at, little);
  const qform = view.getInt16(252, little) > 0 ? straightForm(qformOf(view, little)) : null;
  if (view.getInt16(254, little) <= 0) return qform;
  const rows = [0, 1, 2].map((row) => [0, 1, 2, 3].map((column) => float(280 + 16 * row + 4 * column)));
  const empty = rows.every((row) => row[2] === 0);
  const sform = straightForm(flat && empty ? completed(rows) : rows);
  if (sform ?? qform) return sform ?? qform;
  throw new UserError(
    `${file} has axes that are not at right angles (a sheared sform): resample it to a grid that is (SimpleITK, nibabel)`,
    { file },
  );
}

/** A flat image may leave its third axis out: it is perpendicular to the others. */
function completed(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const [a, b] = [0, 1].map((column) => rows.map((row) => row[column]));
  const third = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const length = Math.hypot(...third);
  return rows.map(([x, y, , origin], row) => [x, y, third[row] / length, origin]);
}

/** RAS → LPS; null for axes of no length, or not at right angles. */
function straightForm(rows: readonly (readonly number[])[]): Form | null {
  const signs = [-1, -1, 1];
  const column = (index: number): number[] => rows.map((row, axis) => signs[axis] * row[index]);
  const axes = [column(0), column(1), column(2)];
  const lengths = axes.map((axis) => Math.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2));
  if (!lengths.every((length) => length > 0 && Number.isFinite(length))) return null;
  const unit = axes.map((axis, index) => axis.map((value) => value / lengths[index]));
  const skewed = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].some(([a, b]) => Math.abs(unit[a].reduce((sum, value, axis) => sum + value * unit[b][axis], 0)) > straight);
  return skewed ? null : { axes: unit, lengths, origin: column(3) };
}

/**
 * Method 2 of nifti1.h: a unit quaternion without its real part, and the sign of the third axis in `pixdim[0]`. Rounded to
 * single precision as nifti's own library does, to the last bit.
 */
function qformOf(view: DataView, little: boolean): number[][] {
  const float = (at: number): number => view.getFloat32(at, little);
  let [b, c, d] = [float(256), float(260), float(264)].map((value) => (Number.isFinite(value) ? value : 0));
  let a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {
    // A turn by half a circle, up to rounding.
    const length = Math.sqrt(b * b + c * c + d * d);
    [a, b, c, d] = [0, b / length, c / length, d / length];
  } else a = Math.sqrt(a);
  const [dx, dy, dz] = [80, 84, 88].map((at) => (float(at) > 0 ? float(at) : 1));
  const side = float(76) < 0 ? -1 : 1;
  const rotation = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
  ];
  return rotation.map(([x, y, z], row) => [...[x * dx, y * dy, side * z * dz].map(Math.fround), float(268 + 4 * row)]);
}
