// The first protocol of the image viewer. Notebooks that were saved with it hold its outputs, which attach for ever; its
// requests and events go when the page speaks version 2 (viewer.ts).
import type { MaskPatch } from './annotation';

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

/** Answer state of one slice: everything a viewer draws over the picture. */
export interface ViewerStateV1 {
  slice: number;
  /** Counts every change of the session; an older state is dropped by the viewer. */
  revision: number;
  prompts: PromptV1[];
  /** The whole mask as a patch (its bounding box); null when there is none. */
  mask: MaskPatch | null;
  /** The model's own estimate, 0..1. */
  iou: number | null;
  canUndo: boolean;
  canRedo: boolean;
  /** What answers, e.g. "phantom-sam + sunnybrook (cpu)". */
  model: string;
}

export type ViewerRequestV1 =
  | { type: 'viewer/attach'; viewId: string; output: ImageOutputV1 }
  | { type: 'viewer/prompt'; viewId: string; slice: number; prompt: PromptV1 }
  | { type: 'viewer/undo'; viewId: string }
  | { type: 'viewer/redo'; viewId: string }
  | { type: 'viewer/clear'; viewId: string; slice: number };

export type ViewerEventV1 =
  /** `png`: the slice as the model sees it, base64. */
  | { type: 'viewer/image'; viewId: string; image: ImageInfoV1; slice: number; png: string }
  | { type: 'viewer/state'; viewId: string; state: ViewerStateV1 }
  /** `busy` names what is being waited for ("encoding the image"); null when nothing is. */
  | { type: 'viewer/busy'; viewId: string; busy: string | null };
