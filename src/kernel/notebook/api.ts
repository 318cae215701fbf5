// What every cell finds among its globals. The documentation of the notebook language is made from this file.
import type { KernelStatus, PromptV1 as Prompt, RunSummary } from '../../protocol';

/** A binary mask, row-major, one byte per pixel: 0 or 1. Shown as a picture when it is a cell's value. */
export interface NotebookMask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Number of pixels inside. */
  readonly area: number;
  /** Writes a PNG, 0 outside and 255 inside; relative paths start from the notebook's folder. Resolves with the path. */
  save(file: string): Promise<string>;
}

/** The model's answer to prompts. Shown as the image with the mask over it. */
export interface Segmentation {
  readonly mask: NotebookMask;
  /** The model's own estimate of the mask's overlap (IoU) with what was meant, 0..1. */
  readonly iou: number;
  /** What answered, e.g. "phantom-sam + hearts (cpu)". */
  readonly model: string;
  save(file: string): Promise<string>;
}

export interface SegmentOptions {
  /** [x, y] or [x, y, label] in pixels of the original image; label 1 (default): inside, 0: outside. */
  points?: readonly (readonly [number, number] | readonly [number, number, 0 | 1])[];
  /** [x0, y0, x1, y1] in pixels of the original image. */
  box?: readonly [number, number, number, number];
  /** From 0; the slice that the image was opened at by default. */
  slice?: number;
}

/** An open image. Shown as the viewer: click for a point inside, shift-click for one outside, drag for a box. */
export interface NotebookImage {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly slices: number;
  /** mm per pixel along x and y; null where the file does not tell. */
  readonly spacing: readonly [number, number] | null;
  readonly slice: number;
  /** Prompts given in the viewer so far, on the slice that is open: `await image.prompts`. */
  readonly prompts: Promise<Prompt[]>;
  /** Mask of the prompts in the viewer; null while there is none: `await image.mask`. */
  readonly mask: Promise<NotebookMask | null>;
  /** Asks the model directly; the prompts in the viewer stay as they are. */
  segment(options: SegmentOptions): Promise<Segmentation>;
}

export interface OpenImageOptions {
  /** From 0; the middle one, or the first one with prompts, by default. */
  slice?: number;
  /** Keeps prompts apart from those given to the same image under another name. */
  annotation?: string;
}

export interface FineTuneOptions {
  /** Folder of images with their masks: `pairs.csv` with the columns image, mask and group. */
  data: string;
  epochs?: number;
  batch?: number;
  /** Pixels of the side that images are resized to. */
  imageSize?: number;
  learningRate?: number;
  seed?: number;
  model?: string;
  /** What learns: the adapters (default), low-rank updates (LoRA), the mask decoder, or everything. */
  tune?: 'adapters' | 'lora' | 'decoder' | 'full';
  device?: string;
}

/** A fine-tune that has ended, or one that was followed to its end. Shown as its curves. */
export interface NotebookRun {
  /** The run's folder. */
  readonly folder: string;
  /** File of the adapters with the best validation Dice; null when there is none yet. */
  readonly best: string | null;
  /** Mean validation Dice over the prompt settings: before training, and the best since; on held-out subjects. */
  readonly dice: { readonly before: number | null; readonly best: number | null };
  readonly summary: RunSummary;
}

export interface EvaluateOptions {
  data: string;
  /** The adapters in use in this notebook by default; null for the frozen model. */
  adapters?: string | NotebookRun | null;
  /** `1-point`, `3-points`, `bbox-0.5`, `bbox-0.75`. */
  prompts?: readonly string[];
  seed?: number;
  model?: string;
  device?: string;
}

export interface PhantomsOptions {
  /** A new folder to write to. */
  out: string;
  kind?: '2d' | 'volume';
  family?: string;
  count?: number;
  seed?: number;
}

export interface NotebookApi {
  /** Opens a picture or a volume for segmentation. @throws when the file is missing or is no image. */
  open(path: string, options?: OpenImageOptions): Promise<NotebookImage>;
  /**
   * Teaches the model a data set, in a process of its own, and shows the curves meanwhile. Interrupting the cell stops
   * the run so that it can be resumed.
   */
  finetune(options: FineTuneOptions): Promise<NotebookRun>;
  /** Follows a run to its end, whoever started it. Interrupting the cell leaves the run as it is. */
  watch(run: string): Promise<NotebookRun>;
  /** The next clicks and calls of this notebook are answered with these adapters; null: by the frozen model. */
  useAdapters(adapters: string | NotebookRun | null): Promise<KernelStatus>;
  /** Measures the model against the masks of a data set: what `med-sa evaluate --json` prints. */
  evaluate(options: EvaluateOptions): Promise<Record<string, unknown>>;
  /** Draws images with exact masks into a new folder and resolves with its path. */
  phantoms(options: PhantomsOptions): Promise<string>;
  /** Shows a value now, in the middle of a cell. */
  display(value: unknown): Promise<void>;
}
