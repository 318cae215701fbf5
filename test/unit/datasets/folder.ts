import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { nifti } from '../imaging/volumes';

/** A folder of its own for one test, gone after `use`. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-datasets-'));
  try {
    return await use(folder);
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}

/** A grey PNG, dark but for a rectangle [x0, y0, x1, y1) at `level`. */
export async function writePng(
  file: string,
  width: number,
  height: number,
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  level = 255,
): Promise<void> {
  const data = Buffer.alloc(width * height);
  for (let y = y0; y < y1; y++) data.fill(level, y * width + x0, y * width + x1);
  await fs.mkdir(path.dirname(file), { recursive: true });
  await sharp(data, { raw: { width, height, channels: 1 } })
    .png()
    .toFile(file);
}

/** A grey PNG of these levels, row by row. */
export async function writeLevels(file: string, rows: readonly (readonly number[])[]): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  await sharp(Buffer.from(rows.flat()), { raw: { width: rows[0].length, height: rows.length, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(file);
}

/** A text file, its folders made. */
export async function writeText(file: string, text: string): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, text);
}

/** A NIfTI volume of 2 × 2 voxels a slice. */
export async function writeSlices(
  file: string,
  slices: readonly (readonly [number, number, number, number])[],
  type: 'uint8' | 'int16' | 'float32' = 'uint8',
): Promise<void> {
  const arrays = { uint8: Uint8Array, int16: Int16Array, float32: Float32Array };
  const voxels = arrays[type].from(slices.flat());
  await fs.mkdir(path.dirname(file), { recursive: true });
  const bytes = nifti({ type, extents: [2, 2, slices.length], spacing: [1, 1, 3] }, voxels);
  await fs.writeFile(file, file.endsWith('.gz') ? gzipSync(bytes) : bytes);
}
