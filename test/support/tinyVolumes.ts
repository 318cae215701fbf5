// Volumes of two balls, one bright and one dim, in a data set of the layout `pairs`.
import fs from 'node:fs';
import path from 'node:path';
import { Random } from '../../src/kernel/datasets';
import { writeVolume, type MedicalImage } from '../../src/kernel/imaging';

const [width, height, slices] = [32, 28, 10] as const;

/** Writes volumes of 32×28×10 voxels, a subject each, with the labels 1 (bright) and 2 (dim) in their masks. */
export async function drawTinyVolumes(folder: string, count: number): Promise<void> {
  fs.mkdirSync(folder, { recursive: true });
  const random = new Random(13);
  const lines = ['image,mask,group'];
  for (let index = 0; index < count; index++) {
    const balls = [
      { x: random.uniform(8, 11), y: random.uniform(9, 18), z: random.uniform(3.5, 5.5), level: 900, label: 1 },
      { x: random.uniform(21, 24), y: random.uniform(9, 18), z: random.uniform(3.5, 5.5), level: 550, label: 2 },
    ];
    const voxels = new Int16Array(width * height * slices);
    const labels = new Uint8Array(voxels.length);
    voxels.forEach((_, at) => {
      const [x, y, z] = [at % width, Math.floor(at / width) % height, Math.floor(at / (width * height))];
      const ball = balls.find((one) => Math.hypot(x - one.x, y - one.y, 2 * (z - one.z)) < 7);
      labels[at] = ball?.label ?? 0;
      voxels[at] = (ball?.level ?? 100) + random.uniform(-40, 40);
    });
    await write(path.join(folder, `image-${index}.nii.gz`), voxels);
    await write(path.join(folder, `mask-${index}.nii.gz`), labels);
    lines.push(`image-${index}.nii.gz,mask-${index}.nii.gz,subject-${index}`);
  }
  fs.writeFileSync(path.join(folder, 'pairs.csv'), lines.join('\n') + '\n');
}

async function write(file: string, voxels: MedicalImage['voxels']): Promise<void> {
  const direction = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const size = [width, height, slices] as const;
  await writeVolume(file, { path: file, size, channels: 1, voxels, spacing: [1, 1, 2], origin: [0, 0, 0], direction });
}
