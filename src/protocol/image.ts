// An image as the viewer shows it: its geometry, its planes, its pixels, and what stands for it in a notebook.

/** Named after the patient's planes; the array plane that lies nearest to it where the volume is oblique. */
export type Plane = 'axial' | 'coronal' | 'sagittal';

/** R(ight) L(eft) A(nterior) P(osterior) S(uperior) I(nferior). */
export type PatientSide = 'R' | 'L' | 'A' | 'P' | 'S' | 'I';

/**
 * Slices through the voxel array, perpendicular to one of its axes; nothing is resampled. Positions and pixels in
 * messages follow the array; only when it is drawn a slice may have to be mirrored.
 */
export interface PlaneInfo {
  plane: Plane;
  /** Pixels of a slice along x (to the right) and y (down), before mirroring. */
  width: number;
  height: number;
  slices: number;
  /** Which axis of the voxel array (0 = i, 1 = j, 2 = k) runs along x, along y, and from slice to slice. */
  axes: [x: 0 | 1 | 2, y: 0 | 1 | 2, slice: 0 | 1 | 2];
  /** mm per pixel along x and y, and from slice to slice; null where the file does not tell: draw square pixels. */
  spacing: [x: number, y: number, slice: number] | null;
  /** Whether to mirror left and right, top and bottom, so that the picture stands as radiologists expect it. */
  flipX: boolean;
  flipY: boolean;
  /** What to write at the edges of the drawn (mirrored) picture; null where the file knows no patient. */
  letters: { left: PatientSide; right: PatientSide; top: PatientSide; bottom: PatientSide } | null;
}

/** Display intensities: low → black, high → white, linear in between. */
export interface IntensityWindow {
  low: number;
  high: number;
}

export interface ImageInfo {
  /** As the notebook names it: relative to its folder, or absolute. */
  path: string;
  name: string;
  /** Voxels along i, j, k. A picture has one slice. */
  size: [number, number, number];
  /** 1: intensities (window/level applies); 3: red, green, blue. */
  channels: 1 | 3;
  /** As DICOM names it (CT, MR, …); null where the file does not tell. */
  modality: string | null;
  /** mm per voxel along i, j, k; null where the file does not tell (PNG, JPEG). */
  spacing: [number, number, number] | null;
  /** Position of the first voxel's centre, mm, LPS. */
  origin: [number, number, number];
  /** Row-major 3×3; columns are the directions of i, j, k in LPS. */
  direction: number[];
  /**
   * The annotation plane first: the one that the file's own slices lie in (k constant). Prompts, strokes and masks
   * belong to its slices; the other planes show cross-sections of the masks. A picture has one plane.
   */
  planes: PlaneInfo[];
  /** Smallest and largest intensity that a sample of the voxels met: where a slider begins and ends. */
  range: [number, number];
  /** What to begin with, one for all slices: the file's own or an automatic one. It is also what the model sees. */
  window: IntensityWindow;
  /** What a person should know of how the file was read, one line each: what was assumed, what was left out. */
  notes: string[];
}

/**
 * Intensities of one slice, row-major. To read them: base64 → `DecompressionStream('deflate-raw')` → `undoDelta`
 * (sliceCoding.ts) → intensity = slope · stored + intercept. `rgb8` is interleaved and has slope 1 and intercept 0.
 * Floating-point intensities are rounded to 65 536 levels of the slice's own range; whole numbers come exact.
 */
export interface SlicePixels {
  kind: 'int16' | 'uint8' | 'rgb8';
  width: number;
  height: number;
  /** 1: every pixel of the slice; n: each is the mean of n × n of them, of fewer at the right and lower edge. */
  shrink: number;
  slope: number;
  intercept: number;
  data: string;
}

/**
 * What stands in the notebook under `application/vnd.med-sa.image+json`. Any kernel may write one: `version` and
 * `image.path` are all it takes, e.g. `{"version": 2, "image": {"path": "scan.nii.gz"}}`.
 */
export interface ImageOutput {
  version: 2;
  /** Names the output; renderer messages carry it. Where it is missing, the page invents one. */
  viewId?: string;
  /** Names the annotation session in the kernel's store; it follows from path and annotation where it is missing. */
  sessionId?: string;
  /** Keeps annotations of one image apart that were opened under different names. */
  annotation?: string;
  image: {
    /** Relative to the notebook's folder, or absolute. A folder is a DICOM series. */
    path: string;
    /** For the page to make room, and to say what it is, before the kernel answers. */
    name?: string;
    size?: [number, number, number];
    spacing?: [number, number, number] | null;
  };
  /** Of the annotation plane, from 0; the first annotated one, else the middle, where it is missing. */
  slice?: number;
}
