import { UserError } from '../../errors';
import type { MedicalImage, Voxels } from '../types';
import { applyPalette, paletteOf, toRgb8 } from './colour';
import { framesOf } from './frames';
import { arrange, type Arrangement } from './geometry';
import { fitting, transformInto, voxelsFor } from './intensities';
import type { DicomFile } from './parse';
import { checkSize, type PixelLayout } from './pixelLayout';
import { samplesOf } from './samples';
import type { ScannedFile } from './scan';

/** A frame's file and its number in it. */
export interface FramePlace {
  readonly file: number;
  readonly frame: number;
}

export interface VolumePlan extends Arrangement {
  /** Of each slice, first slice first. */
  readonly slices: readonly FramePlace[];
}

/** Which frame of which file is which slice. @throws UserError when the files do not make one volume. */
export function planVolume(path: string, files: readonly ScannedFile[]): VolumePlan {
  const [first] = files;
  for (const { layout } of files) {
    if (
      layout.columns !== first.layout.columns ||
      layout.rows !== first.layout.rows ||
      isGrey(layout) !== isGrey(first.layout)
    ) {
      throw new UserError(
        `${path} mixes slices of ${first.layout.columns} × ${first.layout.rows} with others of ` +
          `${layout.columns} × ${layout.rows}: save those of one kind on their own`,
        { file: path },
      );
    }
  }
  const places = files.flatMap(({ planes }, file) => planes.map((_, frame) => ({ file, frame })));
  const arrangement = arrange(
    path,
    places.map(({ file, frame }) => files[file].planes[frame]),
  );
  return { ...arrangement, slices: arrangement.order.map((index) => places[index]) };
}

/**
 * Decodes files into one volume: intensities rescaled, colours as RGB, one file in memory at a time.
 * @throws UserError when the files do not make one volume, or one of them is damaged.
 */
export async function assemble(
  path: string,
  files: readonly ScannedFile[],
  load: (file: ScannedFile) => Promise<DicomFile>,
): Promise<MedicalImage> {
  const plan = planVolume(path, files);
  const { layout } = files[0];
  const { columns, rows } = layout;
  const channels = isGrey(layout) ? 1 : 3;
  const length = columns * rows * channels;
  checkSize(path, length * plan.slices.length * Math.max(1, layout.bitsAllocated / 8));
  let volume: Voxels =
    channels === 3
      ? new Uint8Array(length * plan.slices.length)
      : voxelsFor(
          files.flatMap(({ transforms }) => transforms),
          widest(files),
          length * plan.slices.length,
        );
  const slicesOf = files.map((): { frame: number; slice: number }[] => []);
  plan.slices.forEach(({ file, frame }, slice) => slicesOf[file].push({ frame, slice }));
  for (const [index, file] of files.entries()) {
    volume = await decodeInto(volume, length, await load(file), file, slicesOf[index]);
  }
  const notes = [...(plan.geometry.notes ?? []), ...notesOnLoss(files)];
  const middle = files[plan.slices[Math.floor(plan.slices.length / 2)].file];
  return {
    path,
    size: [columns, rows, plan.slices.length],
    channels,
    voxels: volume,
    ...plan.geometry,
    ...(notes.length > 0 && { notes }),
    ...(channels === 1 && middle.window && { window: middle.window }),
    ...(files[0].modality && { modality: files[0].modality }),
  };
}

function notesOnLoss(files: readonly ScannedFile[]): string[] {
  const lossy = files.filter(({ lossy }) => lossy).length;
  if (lossy === 0) return [];
  const which = files.length === 1 ? 'its pixels were' : `the pixels of ${lossy} of ${files.length} files were`;
  return [`${which} compressed with loss: intensities are not quite those of the scanner`];
}

/** Fills the slices that are frames of one file; answers the volume, or the wider one that its values needed. */
async function decodeInto(
  volume: Voxels,
  length: number,
  dicom: DicomFile,
  { layout, transforms }: ScannedFile,
  slices: readonly { frame: number; slice: number }[],
): Promise<Voxels> {
  const frameAt = framesOf(dicom, layout);
  const palette = layout.photometric === 'PALETTE COLOR' ? paletteOf(dicom.path, dicom.data, layout.signed) : null;
  for (const { frame, slice } of slices) {
    const stored = await frameAt(frame);
    const samples = samplesOf(stored, layout);
    if (palette) volume.set(applyPalette(samples, palette), slice * length);
    else if (isGrey(layout)) {
      volume = fitting(volume, samples, transforms[frame]);
      transformInto(volume, slice * length, samples, transforms[frame]);
    } else volume.set(toRgb8(samples, stored.bitsStored, stored.ybr), slice * length);
  }
  return volume;
}

const isGrey = ({ photometric }: PixelLayout): boolean => photometric.startsWith('MONOCHROME');

/** A layout that the stored values of all files fit. */
function widest(files: readonly ScannedFile[]): PixelLayout {
  const layouts = files.map(({ layout }) => layout);
  return {
    ...layouts[0],
    bitsAllocated: Math.max(...layouts.map(({ bitsAllocated }) => bitsAllocated)),
    signed: layouts.some(({ signed }) => signed),
    float: layouts.some(({ float }) => float),
  };
}
