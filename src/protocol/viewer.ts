// Renderer ↔ kernel, by way of the extension, which forwards without looking inside. Renderer messages carry no binary:
// bytes are base64 strings.
//
// The kernel owns the session; a page draws it and sends intents. An edit is on the disk before it is answered, and its
// `viewer/change` goes to every view of the same image, also those of other notebooks. A page that shows an edit at once
// recognises it in the answer by the id that it gave.
import type { AnnotationObject, MaskPatch, ObjectSlice, Prompt, SessionState, SliceMarks } from './annotation';
import type { ImageInfo, ImageOutput, Plane, SlicePixels } from './image';
import type { CurveTable, RunChoice, RunSummary } from './training';
import type { ImageOutputV1 } from './viewerV1';

export type ExportFormat =
  /** One 8- or 16-bit PNG per annotated slice: pixel = value of the object. */
  | 'png-labels'
  /** One PNG per annotated slice: the image with the masks over it. */
  | 'png-overlay'
  | 'nifti'
  | 'dicom-seg'
  /** COCO with run lengths, JSON. */
  | 'coco'
  /** A folder of images and masks with `pairs.csv`, as `med-sa train` takes it. */
  | 'pairs';

/** What an object is called and how it is drawn; what is left out is as it was, or chosen by the kernel. */
export type ObjectProperties = Partial<Omit<AnnotationObject, 'id'>>;

/** A request of one view about the session. Slices are those of the annotation plane. */
type Intent =
  /**
   * First message of a view, and the one after which it starts anew (the kernel was restarted): `viewer/attached`.
   * Outputs of version 1 are taken too.
   */
  | { type: 'viewer/attach'; version: 2; output: ImageOutput | ImageOutputV1 }
  /** The page is gone. */
  | { type: 'viewer/detach' }
  /**
   * Slices, the most urgent first: a `viewer/slice` for each, after those asked for before. So a page keeps few on the
   * way, asks for more as they come, and for none again that is on its way. `pixels: false`: what lies over them only (a
   * cross-section after an edit). `shrink` n: means of n × n pixels, a fraction of the bytes; 1 where it is missing.
   * `shown`: the slice that the plane shows; the first one of `indices` where it is missing.
   */
  | { type: 'viewer/slices'; plane: Plane; indices: number[]; pixels: boolean; shrink?: number; shown?: number }
  | { type: 'viewer/prompt/add'; object: string; slice: number; id: string; prompt: Prompt }
  | { type: 'viewer/prompt/move'; object: string; slice: number; id: string; prompt: Prompt }
  | { type: 'viewer/prompt/remove'; object: string; slice: number; id: string }
  /**
   * What would this prompt, on top of those that are there, give? `viewer/preview`, unless a newer hover or an edit came
   * meanwhile. Nothing is recorded.
   */
  | { type: 'viewer/hover'; previewId: number; object: string; slice: number; prompt: Prompt }
  /** Takes another of the candidates for the last prompt. */
  | { type: 'viewer/choose'; object: string; slice: number; candidate: number }
  /** `object`: a new id. The new object becomes the active one. */
  | { type: 'viewer/object/add'; object: string; properties: ObjectProperties }
  /** With all its prompts and masks; an undo brings them back. The last object cannot be removed, only emptied. */
  | { type: 'viewer/object/remove'; object: string }
  /** Visibility is kept but is no step of undo. */
  | { type: 'viewer/object/change'; object: string; properties: ObjectProperties }
  /** Kept, but no step of undo. */
  | { type: 'viewer/object/select'; object: string }
  /**
   * A stroke of the brush, or of the eraser: every pixel whose centre lies within `radius` pixels of the line. Strokes
   * stay on top of what further prompts make of the mask.
   */
  | { type: 'viewer/stroke'; object: string; slice: number; erase: boolean; points: [number, number][]; radius: number }
  /** `slice` null: on every slice that has a mask. */
  | { type: 'viewer/fill'; object: string; slice: number | null }
  | { type: 'viewer/largest'; object: string; slice: number | null }
  /** Prompts and masks. `object` null: of all objects; `slice` null: of all slices. */
  | { type: 'viewer/clear'; object: string | null; slice: number | null }
  | { type: 'viewer/undo' }
  | { type: 'viewer/redo' }
  /**
   * Carries the mask of an object on slice `from` to its neighbours, each prompted by the last one's mask, until the
   * object ends or `to` (inclusive, for `up` and `down`) is reached; a slice that has prompts or strokes of its own stops
   * it. One step of undo. What was done before a cancel is kept.
   */
  | { type: 'viewer/propagate'; object: string; from: number; direction: 'up' | 'down' | 'both'; to: number | null }
  /**
   * `slice`: asks the model again for every object with prompts there. null: answers all slices with prompts, then
   * carries each object between and beyond them as `viewer/propagate` does; one step of undo for each object.
   */
  | { type: 'viewer/segment'; slice: number | null }
  /** `path`: a file, or a folder for formats of several files; relative to the notebook's folder. `viewer/exported`. */
  | { type: 'viewer/export'; format: ExportFormat; path: string }
  /** Ends the running task that has this id. */
  | { type: 'viewer/cancel'; task: string };

type WithView<T> = T extends unknown ? T & { viewId: string } : never;

export type ImageRequest = WithView<Intent>;

export type TrainingRequest =
  /** `curves`: `training/curves` with every point follow, the past first. */
  | { type: 'training/attach'; viewId: string; run: string; curves?: boolean }
  | { type: 'training/detach'; viewId: string; run: string }
  | { type: 'training/stop'; viewId: string; run: string }
  /** Goes on with a run that is not at work, from its last checkpoint. */
  | { type: 'training/resume'; viewId: string; run: string }
  /** The runs beside this one: `training/runs`. */
  | { type: 'training/list'; viewId: string; run: string };

export type ViewerRequest = ImageRequest | TrainingRequest;

/** Something that takes a while. */
export interface ViewerTask {
  id: string;
  /** E.g. "encoding the image", "propagating the tumour". */
  text: string;
  /** How much of it is done; null where that is not known. */
  done: number | null;
  total: number | null;
  /** Whether `viewer/cancel` ends it. */
  cancellable: boolean;
}

/** `revision`s of another kernel's life are older: `viewer/attached` starts anew. */
type Told =
  | {
      type: 'viewer/attached';
      image: ImageInfo;
      state: SessionState;
      /** Of all objects that have any. */
      marks: SliceMarks[];
      /** Where to begin: of the annotation plane. Its pixels follow on their own, unasked. */
      slice: number;
      /** Every object that has prompts or a mask there; masks whole. */
      objects: ObjectSlice[];
    }
  /** Answers `viewer/slices`. An object that is not among `objects` has nothing there. Masks are whole. */
  | {
      type: 'viewer/slice';
      plane: Plane;
      index: number;
      pixels: SlicePixels | null;
      /** Of the session, when it was answered; what a view has of a later revision stays. */
      revision: number;
      objects: ObjectSlice[];
    }
  /** Something changed, by whoever's hand: everything that did, and nothing else. */
  | { type: 'viewer/change'; state: SessionState; objects: ObjectSlice[] }
  | {
      type: 'viewer/preview';
      previewId: number;
      object: string;
      slice: number;
      /** The whole mask that the answer would give. */
      mask: MaskPatch | null;
      iou: number;
    }
  /** All tasks of the view that are under way; the newest last. */
  | { type: 'viewer/tasks'; tasks: ViewerTask[] }
  /** Absolute paths of what was written. */
  | { type: 'viewer/exported'; format: ExportFormat; files: string[] }
  /** `request`: the type of the one that failed; null where none did. What was journaled before is kept and shown. */
  | { type: 'viewer/error'; message: string; request?: string | null };

export type ImageEvent = WithView<Told>;

export type TrainingEvent =
  | { type: 'training/summary'; viewId: string; summary: RunSummary }
  /**
   * What the curves have gained, at most ten times a second and 2 MiB of the log at a time. Tables apply in order: what
   * their curves hold from a table's first step on is replaced by it. `anew`: forget everything first.
   */
  | { type: 'training/curves'; viewId: string; anew: boolean; tables: CurveTable[] }
  | { type: 'training/runs'; viewId: string; runs: RunChoice[] }
  | { type: 'training/error'; viewId: string; message: string };

export type ViewerEvent = ImageEvent | TrainingEvent;
