import fs from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import type { ExportFormat } from '../../../protocol';
import { UserError } from '../../errors';
import { writeFileAtomically } from '../../files';
import { colourOf, encodePng, overlaid, sliceOf, toRgb, writeVolume, type MedicalImage } from '../../imaging';
import { type ImageLibrary, versionOf } from '../images';
import type { SegmenterSource } from '../session';
import type { OpenedSession } from '../store';
import { cocoOf } from './coco';
import { type ExportedObject, exportedObjects, labelMap, slicesOf } from './masks';
import { addToPairs } from './pairs';

/** Which format a file's name asks for; null: a folder, or a name that says nothing. */
export function formatOf(file: string): ExportFormat | null {
  const name = file.toLowerCase();
  if (name.endsWith('.json')) return 'coco';
  if (name.endsWith('.png')) return 'png-labels';
  if (/\.(nii|nii\.gz|nrrd|mha)$/.test(name)) return 'nifti';
  return name.endsWith('.dcm') ? 'dicom-seg' : null;
}

/**
 * Writes all masks of a session; geometry is the source's own.
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
  const objects = await exportedObjects(session, source);
  const { image } = session;
  const name = image.name.replace(/\.(nii\.gz|[^.]+)$/i, '');
  return images.use(await versionOf(file), async (volume) => {
    switch (format) {
      case 'nifti':
        await writeVolume(target, { ...volume, channels: 1, voxels: labelMap(objects, image, null) });
        return [target];
      case 'coco':
        await writeFileAtomically(target, [Buffer.from(`${JSON.stringify(cocoOf(objects, image))}\n`)]);
        return [target];
      case 'png-labels':
        return pictures(target, name, objects, (slice) => labelPng(volume, labelMap(objects, image, slice)));
      case 'png-overlay':
        return pictures(target, name, objects, (slice) => overlayOf(volume, images, objects, slice));
      case 'pairs':
        await fs.mkdir(target, { recursive: true });
        return addToPairs(target, name, volume, file, objects);
      case 'dicom-seg':
        throw new UserError('DICOM segmentations cannot be written yet: choose NIfTI', { file: target });
    }
  });
}

/** One PNG per annotated slice; `target` is the file where there is one slice and it is named so, else a folder. */
async function pictures(
  target: string,
  name: string,
  objects: readonly ExportedObject[],
  draw: (slice: number) => Promise<Buffer>,
): Promise<string[]> {
  const slices = slicesOf(objects);
  const single = target.toLowerCase().endsWith('.png');
  if (single && slices.length > 1) {
    throw new UserError(`${slices.length} slices are annotated, which do not fit one PNG: name a folder`, {
      file: target,
    });
  }
  if (!single) await fs.mkdir(target, { recursive: true });
  const files: string[] = [];
  for (const slice of slices) {
    const file = single ? target : path.join(target, `${name}-${String(slice).padStart(4, '0')}.png`);
    await writeFileAtomically(file, [await draw(slice)]);
    files.push(file);
  }
  return files;
}

/** Grey levels are the objects' values: 8 bits where they suffice, else 16. */
function labelPng({ size: [width, height] }: MedicalImage, labels: Uint8Array | Int16Array): Promise<Buffer> {
  const wide = labels instanceof Int16Array;
  const pixels = wide ? Uint16Array.from(labels) : labels;
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .toColourspace(wide ? 'grey16' : 'b-w')
    .png()
    .toBuffer();
}

function overlayOf(
  volume: MedicalImage,
  images: ImageLibrary,
  objects: readonly ExportedObject[],
  slice: number,
): Promise<Buffer> {
  const masks = objects.flatMap(({ object, masks }) => {
    const mask = masks.get(slice);
    return mask === undefined || !object.visible ? [] : [{ mask, colour: colourOf(object.colour) }];
  });
  return encodePng(overlaid(toRgb(sliceOf(volume, slice), images.windowOf(volume)), masks));
}
