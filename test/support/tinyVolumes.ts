// Small volumes with two classes for the tiny model.
import fs from 'node:fs';
import path from 'node:path';
import { Random } from '../../src/kernel/datasets';
import { writeVolume } from '../../src/kernel/imaging';

const size = [40, 32, 6] as const;
export const tinyVolumeSpacing = [1, 1.5, 4] as const;

/**
 * Writes a data set of the layout `pairs`: volumes of 40×32×6 voxels (1 × 1.5 × 4 mm) with a bright ball (label 1, on
 * slices 1 to 4) that has a brighter core (label 2, on slices 2 and 3), each of a subject of its own.
 */
export async function drawTinyVolumes(folder: string, count: number): Promise<void> {
  fs.mkdirSync(folder, { recursive: true });
  const random = new Random(9);
  const lines = ['image,mask,group'];
  for (let index = 0; index < count; index++) {
    const centre = [random.uniform(14, 26), random.uniform(12, 20)];
    const [image, labels] = [new Int16Array(size[0] * size[1] * size[2]), new Uint8Array(size[0] * size[1] * size[2])];
    for (let z = 0, at = 0; z < size[2]; z++) {
      for (let y = 0; y < size[1]; y++) {
        for (let x = 0; x < size[0]; x++, at++) {
          const radius = Math.hypot(x - centre[0], y - centre[1], 4 * (z - 2.5));
          labels[at] = radius < 5 ? 2 : radius < 9 ? 1 : 0;
          image[at] = [100, 600, 900][labels[at]] + Math.round(30 * random.normal());
        }
      }
    }
    const geometry = { size, channels: 1, spacing: tinyVolumeSpacing, origin: [0, 0, 0], direction: identity } as const;
    const [imageFile, maskFile] = [`image-${index}.nii.gz`, `mask-${index}.nii.gz`];
    await writeVolume(path.join(folder, imageFile), { ...geometry, path: imageFile, voxels: image });
    await writeVolume(path.join(folder, maskFile), { ...geometry, path: maskFile, voxels: labels });
    lines.push(`${imageFile},${maskFile},subject-${index}`);
  }
  fs.writeFileSync(path.join(folder, 'pairs.csv'), lines.join('\n') + '\n');
}

const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
