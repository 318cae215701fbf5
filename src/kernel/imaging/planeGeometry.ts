import type { PatientSide, Plane, PlaneInfo } from '../../protocol/image';
import type { MedicalImage } from './types';

type Axis = 0 | 1 | 2;

/** The plane that is perpendicular to each of the patient's axes: left–right, front–back, foot–head (LPS). */
const planeAcross: readonly Plane[] = ['sagittal', 'coronal', 'axial'];

/** Where each of the patient's axes comes from and where it goes to (LPS). */
const sides: readonly (readonly [from: PatientSide, to: PatientSide])[] = [
  ['R', 'L'],
  ['A', 'P'],
  ['I', 'S'],
];

/** Which way the patient's axes run on the screen: left grows to the right, back and foot grow downwards. */
const forwards = [true, true, false] as const;

type Geometry = Pick<MedicalImage, 'size' | 'spacing' | 'direction'>;

/**
 * The slices through a volume along each of its array's axes, the file's own (k constant) first; nothing is resampled, so
 * an oblique volume's planes are oblique too and carry the name of the nearest one. Pictures and one-slice volumes have
 * one plane.
 */
export function planesOf(image: Geometry): PlaneInfo[] {
  const patient = patientAxes(image.direction);
  const views: readonly (readonly [Axis, Axis, Axis])[] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 2, 0],
  ];
  return views
    .filter(([x, y]) => image.size[2] > 1 || (x === 0 && y === 1))
    .map((axes) => planeOf(image, patient, axes));
}

function planeOf({ size, spacing, direction }: Geometry, patient: readonly Axis[], axes: readonly [Axis, Axis, Axis]) {
  const [a, b, through] = axes;
  // Left–right lies across, foot–head upright, where a plane has them; the file's own slices stay as they are stored.
  const [x, y] = through !== 2 && patient[a] > patient[b] ? [b, a] : [a, b];
  const known = spacing !== null;
  const grows = (axis: Axis): boolean => direction[patient[axis] * 3 + axis] >= 0;
  const flip = (axis: Axis): boolean => known && grows(axis) !== forwards[patient[axis]];
  const [flipX, flipY] = [flip(x), flip(y)];
  const ends = (axis: Axis, flipped: boolean): readonly [PatientSide, PatientSide] => {
    const [from, to] = sides[patient[axis]];
    return grows(axis) === flipped ? [to, from] : [from, to];
  };
  const [left, right] = ends(x, flipX);
  const [top, bottom] = ends(y, flipY);
  const plane: PlaneInfo = {
    plane: known ? planeAcross[patient[through]] : planeAcross[through],
    width: size[x],
    height: size[y],
    slices: size[through],
    axes: [x, y, through],
    spacing: spacing === null ? null : [spacing[x], spacing[y], spacing[through]],
    flipX,
    flipY,
    letters: known ? { left, right, top, bottom } : null,
  };
  return plane;
}

/** For each axis of the array the patient's axis that it lies nearest to, each taken once: the best fit of all six. */
function patientAxes(direction: readonly number[]): readonly Axis[] {
  const orders: readonly (readonly Axis[])[] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const fit = (order: readonly Axis[]): number =>
    order.reduce<number>((sum, patient, axis) => sum + Math.abs(direction[patient * 3 + axis]), 0);
  return orders.reduce((best, order) => (fit(order) > fit(best) + 1e-9 ? order : best));
}
