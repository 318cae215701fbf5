// Renderer ↔ kernel, by way of the extension, which forwards without looking inside.
// Renderer messages carry no binary: bytes are base64 strings.
import type { RunSummary } from './training';

/** A prompt in pixels of the original slice; pixel centres are at whole numbers + 0.5, so x is in [0, width). */
export type Prompt =
  | { kind: 'point'; x: number; y: number; label: 0 | 1 }
  | { kind: 'box'; x0: number; y0: number; x1: number; y1: number };

/** Changed part of a mask: run lengths, row-major in the box, beginning with zeros; varint (LEB128), base64. */
export interface MaskPatch {
  x: number;
  y: number;
  width: number;
  height: number;
  runs: string;
}

export interface ImageInfo {
  path: string;
  name: string;
  width: number;
  height: number;
  slices: number;
  /** mm per pixel along x and y; null where the file does not tell. */
  spacing: [number, number] | null;
}

/** What stands in the notebook under `application/vnd.med-sa.image+json`: enough to find the session again. */
export interface ImageOutput {
  version: 1;
  /** Names the output; renderer messages carry it. */
  viewId: string;
  /** Names the annotation session in the kernel's store. */
  sessionId: string;
  image: ImageInfo;
  slice: number;
}

/** Answer state of one slice: everything a viewer draws over the picture. */
export interface ViewerState {
  slice: number;
  /** Counts every change of the session; an older state is dropped by the viewer. */
  revision: number;
  prompts: Prompt[];
  /** The whole mask as a patch (its bounding box); null when there is none. */
  mask: MaskPatch | null;
  /** The model's own estimate, 0..1. */
  iou: number | null;
  canUndo: boolean;
  canRedo: boolean;
  /** What answers, e.g. "phantom-sam + sunnybrook (cpu)". */
  model: string;
}

export type ViewerRequest =
  | { type: 'viewer/attach'; viewId: string; output: ImageOutput }
  | { type: 'viewer/prompt'; viewId: string; slice: number; prompt: Prompt }
  | { type: 'viewer/undo'; viewId: string }
  | { type: 'viewer/redo'; viewId: string }
  | { type: 'viewer/clear'; viewId: string; slice: number }
  | { type: 'training/attach'; viewId: string; run: string }
  | { type: 'training/stop'; viewId: string; run: string };

export type ViewerEvent =
  /** `png`: the slice as the model sees it, base64. */
  | { type: 'viewer/image'; viewId: string; image: ImageInfo; slice: number; png: string }
  | { type: 'viewer/state'; viewId: string; state: ViewerState }
  /** `busy` names what is being waited for ("encoding the image"); null when nothing is. */
  | { type: 'viewer/busy'; viewId: string; busy: string | null }
  | { type: 'viewer/error'; viewId: string; message: string }
  | { type: 'training/summary'; viewId: string; summary: RunSummary }
  | { type: 'training/error'; viewId: string; message: string };
