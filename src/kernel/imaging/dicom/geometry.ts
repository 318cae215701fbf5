import { UserError } from '../../errors';
import type { MedicalImage } from '../types';
import type { DataSet } from './dataSet';
import { groupOf } from './functionalGroups';
import { tags } from './tags';

type Vector = readonly [number, number, number];

/** Where a frame lies in the patient (LPS, mm). */
export interface Plane {
  /** Of the first pixel's centre; null where the object does not tell. */
  readonly position: Vector | null;
  /** Directions of a row and of a column; null where the object does not tell. */
  readonly axes: readonly [Vector, Vector] | null;
  /** mm per pixel along x and y. */
  readonly spacing: readonly [number, number] | null;
  /** mm to the next slice as the object says it: between slices, else their thickness. */
  readonly step: number | null;
}

export function planeOf(data: DataSet, frame: number): Plane {
  const measures = groupOf(data, frame, tags.PixelMeasuresSequence);
  const position = vector(groupOf(data, frame, tags.PlanePositionSequence).decimals(tags.ImagePositionPatient));
  const cosines = groupOf(data, frame, tags.PlaneOrientationSequence).decimals(tags.ImageOrientationPatient);
  // Of a projection only the spacing on the detector may be known.
  const spacing = [tags.PixelSpacing, tags.ImagerPixelSpacing]
    .map((tag) => measures.decimals(tag))
    .find((values) => values.length >= 2 && values[0] > 0 && values[1] > 0);
  const step = [tags.SpacingBetweenSlices, tags.SliceThickness]
    .map((tag) => measures.decimal(tag))
    .find((value) => value !== undefined && value > 0);
  return {
    position,
    axes: axesOf(cosines),
    spacing: spacing ? [spacing[1], spacing[0]] : null,
    step: step ?? null,
  };
}

const vector = (values: readonly number[]): Vector | null =>
  values.length === 3 ? [values[0], values[1], values[2]] : null;

/** Unit vectors at right angles, from cosines that a writer may have rounded; null where they are none. */
function axesOf(cosines: readonly number[]): readonly [Vector, Vector] | null {
  if (cosines.length !== 6) return null;
  const row: Vector = [cosines[0], cosines[1], cosines[2]];
  const column: Vector = [cosines[3], cosines[4], cosines[5]];
  const straight = Math.abs(dot(row, row) - 1) < 1e-2 && Math.abs(dot(column, column) - 1) < 1e-2;
  if (!straight || Math.abs(dot(row, column)) > 1e-2) return null;
  const across = unit(row);
  return [across, cross(unit(cross(across, column)), across)];
}

function unit(v: Vector): Vector {
  const length = Math.sqrt(dot(v, v));
  return [v[0] / length, v[1] / length, v[2] / length];
}

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const cross = (a: Vector, b: Vector): [number, number, number] => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

export type Geometry = Pick<MedicalImage, 'spacing' | 'origin' | 'direction' | 'notes'>;

export interface Arrangement {
  /** Indices of the planes, first slice first. */
  readonly order: readonly number[];
  /** Whether the planes say where they lie in the patient. */
  readonly placed: boolean;
  readonly geometry: Geometry;
}

/** Between neighbours, a distance may differ from the mean by this part: positions are rounded, and tables creep. */
const unevenness = 0.1;

/**
 * Puts planes in the order of their positions along their common normal, and finds the volume's geometry. Planes whose
 * positions are not known keep their order.
 * @throws UserError when they lie in several directions, several lie in one place, or some are missing in between.
 */
export function arrange(path: string, planes: readonly Plane[]): Arrangement {
  const { axes, spacing } = planes[0];
  const known = axes !== null && planes.every((plane) => plane.position !== null);
  const parallel = planes.every((plane) => (plane.axes === null) === (axes === null) && sameAxes(plane.axes, axes));
  const refuse = (what: string): UserError => new UserError(`${path} ${what}`, { file: path });
  if (planes.some((plane) => !sameSpacing(plane.spacing, spacing))) {
    throw refuse('mixes slices of different pixel spacing: save those of one spacing on their own');
  }
  if (!parallel) throw refuse('mixes slices of different directions: save those of one direction on their own');
  if (axes === null || !known) return unplaced(planes);
  const normal = cross(axes[0], axes[1]);
  const depths = planes.map(({ position }) => dot(position ?? [0, 0, 0], normal));
  const order = planes.map((_, index) => index).sort((a, b) => depths[a] - depths[b]);
  const sorted = order.map((index) => depths[index]);
  const first = planes[order[0]].position ?? [0, 0, 0];
  const last = planes[order[order.length - 1]].position ?? first;
  const count = planes.length;
  const step = count > 1 ? checkedStep(sorted, refuse) : (planes[0].step ?? 1);
  const direction = [0, 1, 2].flatMap((row) => [axes[0][row], axes[1][row], normal[row]].map((value) => value + 0));
  return {
    order,
    placed: true,
    geometry: {
      spacing: spacing && [spacing[0], spacing[1], step],
      origin: [first[0], first[1], first[2]],
      direction,
      ...notesOnTilt(minus(last, first), normal, count),
    },
  };
}

const sameSpacing = (a: Plane['spacing'], b: Plane['spacing']): boolean =>
  a === b || (a !== null && b !== null && a.every((value, axis) => Math.abs(value - b[axis]) <= 1e-3 * b[axis]));

const sameAxes = (a: Plane['axes'], b: Plane['axes']): boolean =>
  a === b || (a !== null && b !== null && dot(a[0], b[0]) > 0.9999 && dot(a[1], b[1]) > 0.9999);

function unplaced(planes: readonly Plane[]): Arrangement {
  const [{ spacing, step }] = planes;
  return {
    order: planes.map((_, index) => index),
    placed: false,
    geometry: {
      spacing: spacing && [spacing[0], spacing[1], step ?? 1],
      origin: [0, 0, 0],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    },
  };
}

/** The mean distance of neighbours. */
function checkedStep(depths: readonly number[], refuse: (what: string) => UserError): number {
  const steps = depths.slice(1).map((depth, index) => depth - depths[index]);
  const same = steps.filter((step) => step < 1e-3).length;
  if (same > 0) {
    const places = depths.length - same;
    const what =
      depths.length % places === 0 && places > 1
        ? `holds ${depths.length / places} slices at each of ${places} positions (times, echoes or contrasts)`
        : `holds several slices at one position (${depths.length} slices, ${places} positions)`;
    throw refuse(`${what}: save one volume on its own`);
  }
  // The median, not the mean: one gap must not make all the others look too small.
  const usual = [...steps].sort((a, b) => a - b)[Math.floor((steps.length - 1) / 2)];
  const gap = steps.findIndex((step) => Math.abs(step - usual) > unevenness * usual);
  if (gap >= 0) {
    throw refuse(
      `has slices missing or unevenly spaced: ${steps[gap].toFixed(2)} mm after slice ${gap + 1} instead of ` +
        `${usual.toFixed(2)} mm; get the missing slices, or save an even part on its own`,
    );
  }
  return (depths[depths.length - 1] - depths[0]) / steps.length;
}

/** Slices of a tilted gantry are shifted against each other; the volume is shown as if they were not. */
function notesOnTilt(along: Vector, normal: Vector, count: number): Pick<MedicalImage, 'notes'> {
  if (count < 2) return {};
  const shift = Math.sqrt(Math.max(0, dot(along, along) - dot(along, normal) ** 2)) / (count - 1);
  if (shift < 0.01) return {};
  return { notes: [`each slice is shifted by ${shift.toFixed(2)} mm against the one below (tilted gantry)`] };
}
