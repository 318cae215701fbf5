import type { ImageOutput, ImageOutputV1 } from '../../protocol';
import { type AnnotationStore, exportSession, type ImageLibrary, type Models } from '../annotation';
import { UserError } from '../errors';

interface Services {
  readonly store: AnnotationStore;
  readonly images: ImageLibrary;
  readonly models: Models;
}

/** What became of the images of a notebook. */
export interface LabelledExport {
  /** Images that the data set holds now. */
  readonly images: number;
  /** Images without any prompt or mask: left out. */
  readonly unlabelled: number;
}

/**
 * Writes what is annotated on the images of a notebook as one data set that `med-sa train` takes (layout `pairs`);
 * prompts that were never answered are answered first.
 * @param target absolute path of the data set's folder; what it holds of the same images is replaced
 * @param adapters that answer: an absolute path, or null for the frozen model
 * @throws UserError where nothing is annotated, or it cannot be written
 */
export async function exportLabelled(
  { store, images, models }: Services,
  notebook: string,
  folder: string,
  outputs: readonly (ImageOutput | ImageOutputV1)[],
  target: string,
  adapters: string | null,
): Promise<LabelledExport> {
  let unlabelled = 0;
  const written = new Set<string>();
  const seen = new Set<string>();
  for (const output of outputs) {
    const opened = await store.attach(folder, output, notebook);
    const { session, file } = opened;
    // An image may be open in several cells.
    if (seen.has(session.id)) continue;
    seen.add(session.id);
    if (session.marks().every(({ prompted, masked }) => prompted.length + masked.length === 0)) {
      unlabelled++;
      continue;
    }
    await exportSession(opened, images, 'pairs', target, () => models.segmenterFor(file, adapters));
    written.add(file);
  }
  if (written.size === 0) {
    throw new UserError('no image of this notebook is labelled yet: click into one, then fine-tune on it');
  }
  return { images: written.size, unlabelled };
}
