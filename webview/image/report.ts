// What the status line says, in words and numbers.
import type { PlaneInfo, SessionState } from '../../src/protocol';
import type { Position } from './camera';
import { patientPosition, voxelAt } from './geometry';
import type { HeldObject } from './heldSlice';
import type { Session } from './session';
import type { UnderPointer } from './statusLine';
import { intensityAt } from './tone';

const hint = 'Click: include · Shift-click: exclude · drag: box · ?: keys';

/** Who answers and how sure it is; before the first answer, what to do. */
export function answerOf({ model }: SessionState, held: HeldObject | undefined): string[] {
  const parts = model ? [model] : [];
  if (held && held.iou !== null) parts.push(`estimated IoU ${held.iou.toFixed(2)}`);
  if (!held?.prompts.length && !held?.mask) parts.push(hint);
  return parts;
}

/** What lies under a position of a plane's slice. */
export function placeReport(session: Session, slice: number, over: { plane: PlaneInfo; at: Position }): UnderPointer {
  const { image } = session;
  const { plane, at } = over;
  const voxel = voxelAt(plane, slice, at);
  const pixels = session.held(plane.plane, slice)?.pixels;
  return {
    voxel: image.size[2] > 1 ? voxel : voxel.slice(0, 2),
    mm: patientPosition(image, voxel),
    value: pixels?.shrink === 1 ? intensityAt(pixels, Math.floor(at.x), Math.floor(at.y)) : null,
    unit: image.modality === 'CT' ? ' HU' : '',
  };
}
