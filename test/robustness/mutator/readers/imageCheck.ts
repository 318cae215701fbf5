import path from 'node:path';
import { ImageLibrary, type FileVersion, versionOf } from '../../../../src/kernel/annotation/images';
import { readImage, type MedicalImage } from '../../../../src/kernel/imaging';
import { expectThat } from '../reader';

const finite = (values: readonly number[]): boolean => values.every((value) => Number.isFinite(value));

/** An image is whole: its shape and its data agree, and its geometry is one. */
export function checkImage({ size, channels, voxels, spacing, origin, direction, window }: MedicalImage): void {
  expectThat(
    size.length === 3 && size.every((extent) => Number.isInteger(extent) && extent > 0),
    `size ${size.join('×')}`,
  );
  const count = size[0] * size[1] * size[2] * channels;
  expectThat(voxels.length === count, `${voxels.length} voxels of ${count}`);
  expectThat(spacing === null || (finite(spacing) && spacing.every((mm) => mm > 0)), `spacing ${String(spacing)}`);
  expectThat(finite(origin) && origin.length === 3, `origin ${String(origin)}`);
  expectThat(finite(direction) && direction.length === 9, `direction ${String(direction)}`);
  expectThat(Math.abs(determinant(direction)) > 0.5, `axes without a volume: ${String(direction)}`);
  expectThat(window === undefined || (finite([window.low, window.high]) && window.low <= window.high), 'window');
}

const determinant = ([a, b, c, d, e, f, g, h, i]: readonly number[]): number =>
  a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);

/** Reads an image as a viewer does: geometry, one slice of each plane, the picture that the model gets. */
export async function readAndShow(file: string): Promise<void> {
  checkImage(await readImage(file));
  const library = new ImageLibrary(1);
  const version: FileVersion = await versionOf(file);
  const info = await library.info(file, path.basename(file));
  expectThat(finite([...info.range, info.window.low, info.window.high]), `range and window ${JSON.stringify(info)}`);
  expectThat(JSON.stringify(info).length < 100_000, 'an endless description');
  for (const { plane, slices, width, height, spacing } of info.planes) {
    expectThat(spacing === null || finite(spacing), `spacing of the ${plane} plane`);
    const pixels = await library.pixels(version, plane, Math.floor(slices / 2), 1);
    expectThat(pixels.width === width && pixels.height === height, `a ${plane} slice of another size`);
    expectThat(finite([pixels.slope, pixels.intercept]), `levels of the ${plane} plane`);
  }
  const { width, height, rgb } = await library.picture(version, Math.floor(info.size[2] / 2));
  expectThat(rgb.length === 3 * width * height, 'a picture of another size');
}
