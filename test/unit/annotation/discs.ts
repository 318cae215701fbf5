import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';

/** A bright disc left and a grey disc right on black; 64 × 48. Every disc holds `discArea` pixels. */
export const discs = { width: 64, height: 48, left: { x: 16.5, y: 24.5 }, right: { x: 46.5, y: 24.5 }, radius: 10 };

export const discArea = (() => {
  let area = 0;
  for (let y = -10; y <= 10; y++) for (let x = -10; x <= 10; x++) if (x * x + y * y <= 100) area++;
  return area;
})();

export async function drawDiscs(file: string): Promise<void> {
  const { width, height, left, right, radius } = discs;
  const pixels = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = (centre: { x: number; y: number }) =>
        (x + 0.5 - centre.x) ** 2 + (y + 0.5 - centre.y) ** 2 <= radius ** 2;
      pixels[y * width + x] = inside(left) ? 255 : inside(right) ? 128 : 0;
    }
  }
  await sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toFile(file);
}

/** A folder with `discs.png`; the caller removes it. */
export async function discsFolder(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-annotation-'));
  await drawDiscs(path.join(folder, 'discs.png'));
  return folder;
}
