// What every cell finds among its globals. The documentation of the notebook language is made from this file.
import type { ExportFormat, FineTuneChoices, KernelStatus, Prompt, RunStatus, RunSummary } from '../../protocol';

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

/** Prompts of which the inspector tells what the decoder's adapters do with them. */
export type InspectedPrompt = Pick<SegmentOptions, 'points' | 'box'>;

export interface InspectOptions extends InspectedPrompt {
  /** What is looked into: an adapter file or a run; the adapters in use in this notebook by default. */
  adapters?: string | NotebookRun;
  /** From 0; the slice that the image was opened at by default. */
  slice?: number;
  /** Neighbouring slices that are encoded together, with adapters that look along the depth; as in training by default. */
  slices?: number;
  /** A second prompt, to see how the weights that a prompt generates differ. */
  compare?: InspectedPrompt;
}

/** One block of the encoder. */
export interface InspectedBlock {
  /** `image_encoder.blocks.0` */
  readonly name: string;
  /** ‖output − frozen output‖ / ‖frozen output‖ on the inspected slice. */
  readonly change: number;
  readonly adapters: readonly {
    readonly name: string;
    /** ‖addition‖ / ‖what it is added to‖. */
    readonly share: number;
    /** Of the bottleneck, and those that are never above 0; null for LoRA. */
    readonly units: number | null;
    readonly dead: number | null;
  }[];
}

/** Float32 values, row-major. */
export interface NotebookTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What adapters do on an image. Shown as the inspector. */
export interface NotebookInspection {
  readonly model: string;
  readonly adapters: string;
  /** Slices that were encoded together. */
  readonly slices: readonly number[];
  readonly blocks: readonly InspectedBlock[];
  /**
   * A tensor by its name in docs/inspector.md, e.g. `image_encoder.blocks.0.space_adapter.addition.norm`; of the decoder
   * behind `prompt.0.` and `prompt.1.`.
   */
  tensor(name: string): Promise<NotebookTensor>;
  /** Writes everything that was read as safetensors. Resolves with the path. */
  save(file: string): Promise<string>;
}

/** What is annotated in an image: one structure, with a name and a colour. */
export interface NotebookObject {
  readonly label: string;
  /** `#rrggbb` */
  readonly colour: string;
  /** Its pixels in label maps. */
  readonly value: number;
  /** Slices on which it has a mask, ascending. */
  readonly slices: readonly number[];
}

export interface LabelOptions extends SegmentOptions {
  /** `#rrggbb`; of a new object one that is not taken yet. */
  colour?: string;
}

export interface PropagateOptions {
  /** The slice whose mask is carried on; the one that the image was opened at by default. */
  from?: number;
  /** `both` by default. */
  direction?: 'up' | 'down' | 'both';
  /** Where `up` or `down` ends at the latest, inclusive. */
  to?: number;
}

export interface SaveOptions {
  /** By the file's name by default: .png, .nii.gz, .nrrd, .mha, .dcm, .json (COCO); a folder becomes a data set (`pairs`). */
  format?: ExportFormat;
}

/** An open image. Shown as the viewer: click for a point inside, shift-click for one outside, drag for a box. */
export interface NotebookImage {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly slices: number;
  /** mm per voxel along x, y and from slice to slice; null where the file does not tell. */
  readonly spacing: readonly [number, number, number] | null;
  readonly slice: number;
  /** What is annotated so far: `await image.objects`. */
  readonly objects: Promise<NotebookObject[]>;
  /** Prompts of the selected object on the slice that the image was opened at: `await image.prompts`. */
  readonly prompts: Promise<Prompt[]>;
  /** Mask of the selected object on the slice that the image was opened at; null while there is none: `await image.mask`. */
  readonly mask: Promise<NotebookMask | null>;
  /** Mask of an object on a slice; null where it has none. */
  maskOf(label: string, slice?: number): Promise<NotebookMask | null>;
  /** Asks the model directly; what is annotated stays as it is. */
  segment(options: SegmentOptions): Promise<Segmentation>;
  /** Gives prompts to the object of that name, making it where there is none, as a click in the viewer does. */
  label(label: string, options: LabelOptions): Promise<Segmentation>;
  /** Carries the mask of an object to neighbouring slices until it ends. @returns how many slices got a mask. */
  propagate(label: string, options?: PropagateOptions): Promise<number>;
  /** Looks into the adapters on a slice. */
  inspect(options?: InspectOptions): Promise<NotebookInspection>;
  /** Writes what is annotated. Resolves with the files. */
  save(file: string, options?: SaveOptions): Promise<string[]>;
}

export interface OpenImageOptions {
  /** From 0; the middle one, or the first one that is annotated, by default. */
  slice?: number;
  /** Keeps annotations apart from those of the same image under another name. */
  annotation?: string;
}

export interface FineTuneOptions extends FineTuneChoices {
  /** Folder of images with their masks, laid out in one of the ways of docs/data.md, e.g. with a `pairs.csv`. */
  data: string;
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

/** A model that is known: `med-sa models`. */
export interface NotebookModel {
  readonly name: string;
  readonly title: string;
  readonly state: 'embedded' | 'here' | 'absent' | 'lost';
  readonly file: string | null;
  /** Bytes. */
  readonly size: number | null;
  readonly licence: string | null;
}

/** A fine-tune in the runs folder. */
export interface NotebookRunEntry {
  readonly folder: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly epoch: number;
  readonly epochs: number;
  /** Mean validation Dice, the best so far. */
  readonly dice: number | null;
  /** File of the best adapters. */
  readonly best: string | null;
}

export interface NotebookApi {
  /** Opens a picture or a volume for annotation. @throws when the file is missing or is no image. */
  open(path: string, options?: OpenImageOptions): Promise<NotebookImage>;
  /** `image.segment(options)`; of a path, the image is opened first. */
  segment(image: NotebookImage | string, options: SegmentOptions): Promise<Segmentation>;
  /** `image.label(label, options)` */
  label(image: NotebookImage | string, label: string, options: LabelOptions): Promise<Segmentation>;
  /** `image.propagate(label, options)` */
  propagate(image: NotebookImage | string, label: string, options?: PropagateOptions): Promise<number>;
  /** Writes an image's annotations, or one mask as a PNG. Resolves with the files. */
  save(what: NotebookImage | NotebookMask | Segmentation, file: string, options?: SaveOptions): Promise<string[]>;
  /**
   * Teaches the model a data set, in a process of its own, and shows the curves meanwhile. Interrupting the cell stops
   * the run so that it can be resumed.
   */
  fineTune(options: FineTuneOptions): Promise<NotebookRun>;
  /** What `fineTune` was called first. */
  finetune(options: FineTuneOptions): Promise<NotebookRun>;
  /** Follows a run to its end, whoever started it. Interrupting the cell leaves the run as it is. */
  watch(run: string): Promise<NotebookRun>;
  /** The next clicks and calls of this notebook are answered with these adapters; null: by the frozen model. */
  useAdapters(adapters: string | NotebookRun | null): Promise<KernelStatus>;
  /** `image.inspect(options)`: what each adapter does on an image; of a path, the image is opened first. */
  inspect(image: NotebookImage | string, options?: InspectOptions): Promise<NotebookInspection>;
  /** Measures the model against the masks of a data set: what `med-sa evaluate --json` prints. */
  evaluate(options: EvaluateOptions): Promise<Record<string, unknown>>;
  /** Draws images with exact masks into a new folder and resolves with its path. */
  phantoms(options: PhantomsOptions): Promise<string>;
  /** The models that are known, those that are here first. */
  models(): Promise<NotebookModel[]>;
  /** Fine-tunes in the runs folder, or in another one; the newest first. */
  runs(folder?: string): Promise<NotebookRunEntry[]>;
  /** Shows a value now, in the middle of a cell. */
  display(value: unknown): Promise<void>;
}
