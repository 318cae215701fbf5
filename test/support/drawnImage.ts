// Images whose right answer is known, because the test draws them.
import sharp from 'sharp';

export interface DrawnImage {
  width: number;
  height: number;
  /** Row-major grey levels, 0..255. */
  pixels: Uint8Array;
  /** Row-major, 1 inside of the object. */
  mask: Uint8Array;
}

export interface Disc {
  x: number;
  y: number;
  radius: number;
  level: number;
}

/** A soft dark ground with bright discs on it; the first disc is the object. Radii and positions in pixels. */
export function drawDiscs(width: number, height: number, discs: Disc[]): DrawnImage {
  const pixels = new Uint8Array(width * height);
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // A slow ramp and noise that is the same every time: a flat ground would be no image.
      const speckle = 16 * (noise(y * width + x) - 0.5);
      let level = 50 + (20 * x) / width + speckle;
      discs.forEach((disc, index) => {
        if (Math.hypot(x + 0.5 - disc.x, y + 0.5 - disc.y) > disc.radius) return;
        level = disc.level + speckle;
        if (index === 0) mask[y * width + x] = 1;
      });
      pixels[y * width + x] = level;
    }
  }
  return { width, height, pixels, mask };
}

/** A number of [0, 1) for every index, without visible order (a round of the hash Murmur3 ends with). */
export function noise(index: number): number {
  let bits = Math.imul(index ^ (index >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** Writes the image as a grey PNG. */
export async function writeImage(image: DrawnImage, file: string): Promise<void> {
  await writeGrey(image.pixels, image, file);
}

/** Writes the mask as a PNG of 0 and 255. */
export async function writeMask(image: DrawnImage, file: string): Promise<void> {
  await writeGrey(
    image.mask.map((value) => value * 255),
    image,
    file,
  );
}

async function writeGrey(pixels: Uint8Array, { width, height }: DrawnImage, file: string): Promise<void> {
  await sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toFile(file);
}

/** 2 |A ∩ B| / (|A| + |B|) of two masks of the same size; anything but 0 is inside. */
export function dice(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`Masks of ${a.length} and ${b.length} pixels cannot be compared.`);
  let both = 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] && b[i]) both++;
    sum += (a[i] ? 1 : 0) + (b[i] ? 1 : 0);
  }
  return sum === 0 ? 1 : (2 * both) / sum;
}
