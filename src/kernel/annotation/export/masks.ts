import { decodeMaskPatch, type Mask } from '../../imaging';
import type { AnnotationObject, ImageInfo } from '../../../protocol';
import { UserError } from '../../errors';
import type { AnnotationSession, SegmenterSource } from '../session';

/** One object with all its masks: by slice, none empty. */
export interface ExportedObject {
  readonly object: AnnotationObject;
  readonly masks: ReadonlyMap<number, Mask>;
}

/** What is written: everything that is annotated, hidden or not; the model is asked for what it has not answered yet. */
export async function exportedObjects(session: AnnotationSession, source: SegmenterSource): Promise<ExportedObject[]> {
  for (const slice of session.slices()) if (!session.isAnswered(slice)) await session.answer(slice, source);
  const [width, height] = session.image.size;
  const exported = session.state.objects.map((object): ExportedObject => {
    const patches = session.patches(object.id).sort(([a], [b]) => a - b);
    return { object, masks: new Map(patches.map(([slice, patch]) => [slice, decodeMaskPatch(patch, width, height)])) };
  });
  const present = exported.filter(({ masks }) => masks.size > 0);
  if (present.length > 0) return present;
  throw new UserError(`${session.image.name} holds no mask yet: there is nothing to write`);
}

/** Slices with a mask, ascending. */
export function slicesOf(objects: readonly ExportedObject[]): number[] {
  return [...new Set(objects.flatMap(({ masks }) => [...masks.keys()]))].sort((a, b) => a - b);
}

/**
 * One value per pixel, 0 where nothing is; where objects overlap, the later one's. `slice` null: of all slices.
 * Uint8 where the values allow it.
 * @throws UserError for values that label maps cannot hold
 */
export function labelMap(objects: readonly ExportedObject[], image: ImageInfo, slice: number | null) {
  const [width, height, slices] = image.size;
  const length = width * height * (slice === null ? slices : 1);
  const highest = Math.max(...objects.map(({ object }) => object.value));
  if (highest > 32_767) throw new UserError(`an object has the value ${highest}: label maps hold values up to 32767`);
  const labels = highest <= 255 ? new Uint8Array(length) : new Int16Array(length);
  for (const { object, masks } of objects) {
    for (const [at, { data }] of masks) {
      if (slice !== null && at !== slice) continue;
      const start = slice === null ? at * width * height : 0;
      for (let pixel = 0; pixel < data.length; pixel++) if (data[pixel] !== 0) labels[start + pixel] = object.value;
    }
  }
  return labels;
}
