// The first version of the image viewer, as far as it is still there: outputs in saved notebooks, prompts in journals.

/** A prompt in pixels of the original slice; pixel centres are at whole numbers + 0.5, so x is in [0, width). */
export type PromptV1 =
  | { kind: 'point'; x: number; y: number; label: 0 | 1 }
  | { kind: 'box'; x0: number; y0: number; x1: number; y1: number };

export interface ImageInfoV1 {
  path: string;
  name: string;
  width: number;
  height: number;
  slices: number;
  /** mm per pixel along x and y; null where the file does not tell. */
  spacing: [number, number] | null;
}

/** What stands in the notebook under `application/vnd.med-sa.image+json`: enough to find the session again. */
export interface ImageOutputV1 {
  version: 1;
  /** Names the output; renderer messages carry it. */
  viewId: string;
  /** Names the annotation session in the kernel's store. */
  sessionId: string;
  image: ImageInfoV1;
  slice: number;
}
