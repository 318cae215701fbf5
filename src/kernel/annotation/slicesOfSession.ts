import type { ImageEvent, ObjectSlice, PlaneInfo } from '../../protocol';
import { UserError } from '../errors';
import { areaOfPatch } from '../imaging/maskPatch';
import { crossSection } from '../imaging/planeSlice';
import { type ImageLibrary, versionOf } from './images';
import type { AnnotationSession } from './session';
import type { SliceWish } from './sliceQueue';
import type { OpenedSession } from './store';

type SliceEvent = Extract<ImageEvent, { type: 'viewer/slice' }>;

/** A slice with what lies over it. @throws UserError for a plane or a slice that the image does not have */
export async function sliceOfSession(
  { session, file }: OpenedSession,
  images: ImageLibrary,
  { plane, index, pixels, shrink }: SliceWish,
): Promise<Omit<SliceEvent, 'type' | 'viewId'>> {
  const info = session.image.planes.find((one) => one.plane === plane);
  if (info === undefined || index >= info.slices) {
    throw new UserError(`${session.image.name} has no ${plane} slice ${index}`);
  }
  const sent = pixels ? await images.pixels(await versionOf(file), plane, index, shrink) : null;
  // What lies over the pixels is read after them: it is what holds when they are told.
  const annotated = session.image.planes[0] === info;
  const objects = annotated ? session.known(index) : sections(session, info, index);
  return { plane, index, pixels: sent, revision: session.state.revision, objects };
}

/** What the masks of all objects look like on a slice of another plane. */
function sections(session: AnnotationSession, plane: PlaneInfo, slice: number): ObjectSlice[] {
  const { revision, objects } = session.state;
  return objects.flatMap(({ id: object }): ObjectSlice[] => {
    const patch = crossSection(plane, slice, session.patches(object));
    if (patch === null) return [];
    const mask = { whole: true, patch } as const;
    const area = areaOfPatch(patch);
    return [
      { object, slice, revision, mask, area, prompts: [], iou: null, candidates: [], chosen: null, source: 'none' },
    ];
  });
}
