import fs from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors';
import { readImage, type MedicalImage } from '../imaging';
import { formatFamily } from '../imaging/formats';
import { pairsFile, readPairs, type Pair } from './pairs';
import type { Dataset, LayoutName, Sample } from './types';

export interface OpenOptions {
  /** `auto` finds out from what lies in the folder. Default `auto`. */
  readonly layout?: LayoutName | 'auto';
}

/**
 * Opens a folder of images with masks. Every file that it names exists; whether an image and its mask fit each other
 * shows when they are read (`loadSample`, `loadAll`).
 * @throws UserError, one line, when the folder or its table is missing or wrong.
 */
export async function openDataset(folder: string, { layout = 'auto' }: OpenOptions = {}): Promise<Dataset> {
  const root = path.resolve(folder);
  const stat = await fs.stat(root).catch(() => null);
  if (!stat) throw new UserError(`${root} does not exist: check the path of the data`, { file: root });
  if (!stat.isDirectory()) {
    throw new UserError(`${root} is not a folder: name the folder that holds ${pairsFile}`, { file: root });
  }
  const hasTable = await fs.access(path.join(root, pairsFile)).then(
    () => true,
    () => false,
  );
  if (!hasTable) {
    const expected = layout === 'auto' ? 'is of no known layout' : 'is not of the layout "pairs"';
    throw new UserError(`${root} ${expected}: it needs a ${pairsFile} with the columns image,mask,group`, {
      file: root,
    });
  }
  const samples: Sample[] = [];
  for (const pair of await readPairs(root)) samples.push({ ...pair, slice: await sliceOfPair(pair) });
  return { folder: root, layout: 'pairs', samples };
}

/** A picture's only slice, or the middle one of those on which a volume's target can be seen. */
async function sliceOfPair({ mask }: Pair): Promise<number> {
  if (formatFamily(mask) === 'raster') return 0;
  const slices = foregroundSlices(await readImage(mask));
  if (slices.length === 0) throw emptyMask(mask);
  return slices[Math.floor((slices.length - 1) / 2)];
}

function foregroundSlices({ size, channels, voxels }: MedicalImage): number[] {
  const length = size[0] * size[1] * channels;
  const found: number[] = [];
  for (let slice = 0; slice < size[2]; slice++) {
    if (voxels.subarray(slice * length, (slice + 1) * length).some((value) => Math.abs(value) > 0)) found.push(slice);
  }
  return found;
}

export function emptyMask(file: string): UserError {
  return new UserError(`${file} is empty: no pixel belongs to the target; draw the mask or remove its line`, { file });
}
