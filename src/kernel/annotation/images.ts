import fs from 'node:fs/promises';
import path from 'node:path';
import type { ImageInfo, Plane, SlicePixels } from '../../protocol';
import { UserError } from '../errors';
import { chooseWindow, readImage, sliceOf, toRgb } from '../imaging';
import type { MedicalImage, RgbImage, Slice, Window } from '../imaging';
import { splitSeriesName } from '../imaging/dicom/series';
import { imageNotes } from '../imaging/imageNotes';
import { planesOf } from '../imaging/planeGeometry';
import { encodeSlicePixels } from '../imaging/planePixels';
import { planeSlice } from '../imaging/planeSlice';
import { shrinkSlice } from '../imaging/shrinkSlice';
import { LeasedCache } from './leasedCache';

/** A file, or a folder of DICOM series, as it is now: another time or size is another image. */
export interface FileVersion {
  readonly file: string;
  readonly version: string;
}

/** @throws UserError when there is no such file. */
export async function versionOf(file: string): Promise<FileVersion> {
  try {
    const { mtimeMs, size } = await fs.stat(file).catch(() => fs.stat(splitSeriesName(file).folder));
    return { file, version: `${file}|${mtimeMs}|${size}` };
  } catch (error) {
    throw new UserError(`${file} is not there or cannot be read: check the path`, { file, cause: error });
  }
}

/** Voxels that tell where intensities begin and end. */
const sampledVoxels = 1 << 20;

/** Images as cells name them: relative to their notebook's folder. The few last used stay in memory, once each. */
export class ImageLibrary {
  private readonly cache: LeasedCache<MedicalImage>;
  private readonly windows = new WeakMap<MedicalImage, Window>();

  constructor(limit = 3) {
    this.cache = new LeasedCache(limit);
  }

  /** @throws UserError for a file that is missing or that is no image. */
  async info(file: string, shownPath: string): Promise<ImageInfo> {
    return this.use(await versionOf(file), (image) => ({
      path: shownPath,
      name: path.basename(file),
      size: [...image.size],
      channels: image.channels,
      modality: image.modality ?? null,
      spacing: image.spacing && [...image.spacing],
      origin: [...image.origin],
      direction: [...image.direction],
      planes: planesOf(image),
      range: sampledRange(image),
      window: this.windowOf(image),
      notes: imageNotes(image),
    }));
  }

  /** One slice of the annotation plane as the model and the eye see it. @throws UserError for one that is not there. */
  picture(version: FileVersion, slice: number): Promise<RgbImage> {
    return this.use(version, (image) => toRgb(sliceOf(image, slice), this.windowOf(image)));
  }

  /** One slice of any plane as it goes to a page; `shrink` n: means of n × n pixels. */
  async pixels(version: FileVersion, plane: Plane, index: number, shrink: number): Promise<SlicePixels> {
    const slice = await this.use(version, (image): Omit<Slice, 'spacing'> => {
      const found = planesOf(image).find((one) => one.plane === plane);
      if (found === undefined) throw new UserError(`${version.file} is a single picture: it has no ${plane} plane`);
      return planeSlice(image, found, index);
    });
    return encodeSlicePixels(shrinkSlice(slice, shrink), shrink);
  }

  /** Lends an image to `work`; it stays in memory as long. */
  use<R>(version: FileVersion, work: (image: MedicalImage) => R | Promise<R>): Promise<R> {
    return this.cache.use(version.version, () => readImage(version.file), work);
  }

  /** One for all slices of a volume: they must not flicker, and training sees them so. */
  windowOf(image: MedicalImage): Window {
    let window = this.windows.get(image);
    if (window === undefined) {
      const [width, height, slices] = image.size;
      const all: Slice = { ...sliceOf(image, 0), width, height: height * slices, pixels: image.voxels };
      const { low, high } = chooseWindow(all);
      this.windows.set(image, (window = { low, high }));
    }
    return window;
  }
}

function sampledRange({ voxels }: MedicalImage): [number, number] {
  const step = Math.max(1, Math.floor(voxels.length / sampledVoxels));
  let [low, high] = [Infinity, -Infinity];
  for (let at = 0; at < voxels.length; at += step) {
    const value = voxels[at];
    if (value < low && Number.isFinite(value)) low = value;
    if (value > high && Number.isFinite(value)) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}
