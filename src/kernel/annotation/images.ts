import fs from 'node:fs/promises';
import path from 'node:path';
import type { ImageInfoV1 as ImageInfo } from '../../protocol';
import { UserError } from '../errors';
import { readImage, sliceOf, toRgb } from '../imaging';
import type { MedicalImage, RgbImage } from '../imaging';
import { LeasedCache } from './leasedCache';
import { checkSlice } from './prompts';

/** A file as it is now: another time or size is another image. */
export interface FileVersion {
  readonly file: string;
  readonly version: string;
}

/** @throws UserError when there is no such file. */
export async function versionOf(file: string): Promise<FileVersion> {
  try {
    const { mtimeMs, size } = await fs.stat(file);
    return { file, version: `${file}|${mtimeMs}|${size}` };
  } catch (error) {
    throw new UserError(`${file} is not there or cannot be read: check the path`, { file, cause: error });
  }
}

/** Images as cells name them: relative to their notebook's folder. The few last used stay in memory. */
export class ImageLibrary {
  private readonly cache: LeasedCache<MedicalImage>;

  constructor(limit = 3) {
    this.cache = new LeasedCache(limit);
  }

  /** @throws UserError for a file that is missing or that is no image. */
  async info(file: string, shownPath: string): Promise<ImageInfo> {
    return this.use(await versionOf(file), (image) => ({
      path: shownPath,
      name: path.basename(file),
      width: image.size[0],
      height: image.size[1],
      slices: image.size[2],
      spacing: image.spacing === null ? null : [image.spacing[0], image.spacing[1]],
    }));
  }

  /** One slice as the model and the eye see it. */
  async picture(version: FileVersion, slice: number): Promise<RgbImage> {
    return this.use(version, (image) => {
      const [width, height, slices] = image.size;
      const name = path.basename(version.file);
      checkSlice({ path: version.file, name, width, height, slices, spacing: null }, slice);
      return toRgb(sliceOf(image, slice));
    });
  }

  private use<R>(version: FileVersion, work: (image: MedicalImage) => R): Promise<R> {
    return this.cache.use(version.version, () => readImage(version.file), work);
  }
}
