import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';

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
