import type { AnnotationObject, ExportFormat } from '../../protocol';
import { UserError } from '../errors';
import { decodeMaskPatch, exportLabels, type Colour, type LabelledObject } from '../imaging';
import { type ImageLibrary, versionOf } from './images';
import type { AnnotationSession, SegmenterSource } from './session';
import type { OpenedSession } from './store';

/** Which format a file's name asks for; null: a folder, or a name that says nothing. */
export function formatOf(file: string): ExportFormat | null {
  const name = file.toLowerCase();
  if (name.endsWith('.json')) return 'coco';
  if (name.endsWith('.png')) return 'png-labels';
  if (/\.(nii|nii\.gz|nrrd|mha)$/.test(name)) return 'nifti';
  return name.endsWith('.dcm') ? 'dicom-seg' : null;
}

/**
 * Writes what is annotated, in the image's own geometry; the model is asked for what it has not answered yet.
 * @param target absolute path: of a file, or of a folder for formats of several files
 * @returns absolute paths of what was written
 * @throws UserError where there is nothing to write, or it cannot be
 */
export async function exportSession(
  { session, file }: OpenedSession,
  images: ImageLibrary,
  format: ExportFormat,
  target: string,
  source: SegmenterSource,
): Promise<string[]> {
  for (const slice of session.slices()) if (!session.isAnswered(slice)) await session.answer(slice, source);
  const objects = session.state.objects.map((object) => labelled(session, object));
  if (objects.every(({ masks }) => masks.size === 0)) {
    throw new UserError(`${session.image.name} holds no mask yet: there is nothing to write`);
  }
  return images.use(await versionOf(file), (image) =>
    exportLabels(format, target, { image, objects, window: images.windowOf(image) }),
  );
}

function labelled(session: AnnotationSession, { id, label, colour, value }: AnnotationObject): LabelledObject {
  const [width, height] = session.image.size;
  const masks = session.patches(id).map(([slice, patch]) => [slice, decodeMaskPatch(patch, width, height)] as const);
  return { label, colour: colourOf(colour), value, masks: new Map(masks) };
}

/** `#rrggbb` → [r, g, b]. */
export const colourOf = (hex: string): Colour => [
  parseInt(hex.slice(1, 3), 16),
  parseInt(hex.slice(3, 5), 16),
  parseInt(hex.slice(5, 7), 16),
];
