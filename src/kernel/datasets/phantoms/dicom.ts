import fs from 'node:fs/promises';
import path from 'node:path';
import { maskOf, sliceOf, writeDicomSegmentation, writeDicomSeries } from '../../imaging';
import type { MedicalImage } from '../../imaging/types';
import type { VolumePhantom } from './volume';

/** What a drawn intensity of 0..1000 is as CT: families are drawn as they look in a window for soft tissue. */
const softTissue = { low: -160, high: 240 } as const;
const targetColour = [255, 198, 41] as const;

/** Writes `image/`, a series, and `target.dcm`, its segmentation, into a folder to be made. */
export async function writeDicomPhantom(
  folder: string,
  { image, mask, family }: VolumePhantom,
  patient: string,
  seed: number,
): Promise<void> {
  const series = path.join(folder, 'image');
  await fs.mkdir(series, { recursive: true });
  const about = { patient, name: `drawn ${family}, ${image.size[0]} px, seed ${seed}` } as const;
  if (family === 'ct') await writeDicomSeries(series, inHounsfieldUnits(image), { modality: 'CT', ...about });
  else await writeDicomSeries(series, image, { modality: 'MR', ...about });
  const slices = Array.from({ length: mask.size[2] }, (_, slice) => [slice, maskOf(sliceOf(mask, slice))] as const);
  const target = { label: 'target', colour: targetColour, value: 1, masks: new Map(slices) };
  await writeDicomSegmentation(path.join(folder, 'target.dcm'), { ...image, path: series }, [target]);
}

function inHounsfieldUnits(image: MedicalImage): MedicalImage {
  const { low, high } = softTissue;
  const voxels = Int16Array.from(image.voxels, (value) => Math.round(low + ((high - low) * value) / 1000));
  return { ...image, voxels, window: softTissue };
}
