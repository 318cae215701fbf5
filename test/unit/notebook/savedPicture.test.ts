import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { savedPicture } from '../../../src/kernel/notebook/savedPicture';

const grey = (width: number, height: number) => ({ width, height, rgb: new Uint8Array(width * height * 3).fill(90) });

describe('the picture that a notebook keeps', () => {
  it('is small, whatever the image is, and shows the mask where it lies', async () => {
    const [width, height] = [2000, 1000];
    const mask = { width, height, data: new Uint8Array(width * height) };
    for (let y = 400; y < 600; y++) mask.data.fill(1, y * width + 1000, y * width + 1400);
    const png = await savedPicture(grey(width, height), [{ mask, colour: [255, 64, 64] }]);
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([640, 320]);
    const at = (x: number, y: number) => [...data.subarray((y * 640 + x) * 3, (y * 640 + x) * 3 + 3)];
    const [red, green] = at(384, 160);
    expect(red).toBeGreaterThan(green + 40);
    expect(at(100, 160).every((level) => Math.abs(level - 90) < 4)).toBe(true);
  });

  it('of a small image has its size', async () => {
    const { width, height } = await sharp(await savedPicture(grey(40, 30), [])).metadata();
    expect([width, height]).toEqual([40, 30]);
  });

  it('of noise is no larger than a notebook can bear', async () => {
    const [width, height] = [900, 900];
    let seed = 1;
    const noise = () => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) >>> 16;
    const rgb = Uint8Array.from({ length: width * height * 3 }, noise);
    expect((await savedPicture({ width, height, rgb }, [])).length).toBeLessThan(225_000);
  });
});
