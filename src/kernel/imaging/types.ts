export type Voxels =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** An image or volume with its geometry. A 2D image is a volume of one slice. */
export interface MedicalImage {
  readonly path: string;
  /** [width, height, slices] in voxels. */
  readonly size: readonly [number, number, number];
  /** 1 (intensity) or 3 (RGB, interleaved, 0..255). */
  readonly channels: 1 | 3;
  /** x fastest, then y, then slice; channels interleaved. Rescale slope and intercept are applied. */
  readonly voxels: Voxels;
  /** mm per voxel along x, y, slice; null where the file does not tell (PNG, JPEG). */
  readonly spacing: readonly [number, number, number] | null;
  /** mm; patient position of the first voxel's centre (LPS). */
  readonly origin: readonly [number, number, number];
  /** Row-major 3×3, columns are the axes' directions (LPS). */
  readonly direction: readonly number[];
  /** The display window that the file itself asks for (DICOM); most files ask for none. */
  readonly window?: Window;
  /** As DICOM names it: CT, MR, …; where the file tells. */
  readonly modality?: string;
  /** What the reader of the image should know of how it was read, one line each. */
  readonly notes?: readonly string[];
}

/** One slice, still in the image's own intensities. */
export interface Slice {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Voxels;
  /** mm per pixel along x and y. */
  readonly spacing: readonly [number, number] | null;
  /** As the file asks for it. */
  readonly window?: Window;
}

/** Display intensities: low → black, high → white. */
export interface Window {
  readonly low: number;
  readonly high: number;
}

/**
 * The window in use and where it comes from: given by the user, asked for by the file, the stored 0..255 as they are
 * (8-bit and colour), or percentiles of the slice.
 */
export interface ChosenWindow extends Window {
  readonly from: 'user' | 'file' | 'stored' | 'percentiles';
}

/** RGB, interleaved, 0..255: what the model and the eye see. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** A binary mask, row-major, 0 or 1. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
