import { UserError } from '../../errors';
import { extensionOf } from '../formats';
import type { MedicalImage, Voxels } from '../types';
import type { VolumeLayout } from './layout';
import { metaLayout } from './metaHeader';
import { niftiLayout } from './niftiHeader';
import { nrrdLayout } from './nrrdHeader';
import { countsOf, readVoxels } from './readVoxels';

/**
 * Reads a NIfTI, NRRD or MetaImage file with its geometry (LPS, mm).
 * `part` names one of several volumes, from 0.
 * @throws UserError when the file is missing, damaged, cut short, or holds several volumes and none of them is named.
 */
export async function readVolumeFile(file: string, part: string | null = null): Promise<MedicalImage> {
  const layout = await layoutOf(file);
  const index = chooseVolume(layout, part);
  return toImage(layout, part === null ? file : `${file}#${part}`, await readVoxels(layout, index, 1));
}

/**
 * All volumes of a file of four axes, as of modalities or times; of most files, one.
 * @throws UserError when the file is missing, damaged, cut short, or has more axes.
 */
export async function readVolumesFile(file: string): Promise<MedicalImage[]> {
  const layout = await layoutOf(file);
  const [, , , count = 1, ...others] = layout.extents;
  if (others.some((extent) => extent > 1)) {
    throw new UserError(
      `${file} holds series of volumes (${layout.extents.join(' × ')}): save one of them on its own`,
      {
        file,
      },
    );
  }
  const voxels = await readVoxels(layout, 0, count);
  if (count === 1) return [toImage(layout, file, voxels)];
  const { values } = countsOf(layout);
  // Each with an array of its own: a view would keep all others in memory.
  return Array.from({ length: count }, (_, index) =>
    toImage(layout, file, voxels.slice(index * values, (index + 1) * values)),
  );
}

async function layoutOf(file: string): Promise<VolumeLayout> {
  const extension = extensionOf(file);
  const read = extension.startsWith('.nii') ? niftiLayout : /^\.(nrrd|nhdr)$/.test(extension) ? nrrdLayout : metaLayout;
  const layout = await read(file);
  const { channels, element } = layout;
  if (channels === 1 || (channels === 3 && element === 'uint8')) return layout;
  throw new UserError(`${file} holds ${channels} values per voxel (${element}): save one of them, or RGB of 8 bits`, {
    file,
  });
}

function toImage({ extents, channels, geometry }: VolumeLayout, path: string, voxels: Voxels): MedicalImage {
  const [width = 1, height = 1, slices = 1] = extents;
  return { path, size: [width, height, slices], channels: channels === 3 ? 3 : 1, voxels, ...geometry };
}

/** Which of a file's volumes is meant, from 0. @throws UserError when it holds several and none of them is named. */
function chooseVolume(layout: VolumeLayout, part: string | null): number {
  const { file, extents } = layout;
  const { volumes: count } = countsOf(layout);
  if (part === null && count === 1) return 0;
  if (part !== null && /^\d+$/.test(part) && Number(part) < count) return Number(part);
  const held = count === 1 ? 'holds one volume' : `holds ${count} volumes (${extents.join(' × ')})`;
  const range = count === 1 ? 'leave out the #' : `add the one you mean to the path: #0 to #${count - 1}`;
  throw new UserError(`${file} ${held}${part === null ? '' : `, and no volume ${part}`}: ${range}`, { file });
}
