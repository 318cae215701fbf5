// What is being annotated: objects, their prompts, their masks. The kernel owns all of it; a page draws it.

/**
 * A prompt in pixels of a slice of the annotation plane. Positions are continuous: pixel (0, 0) covers [0, 1) × [0, 1),
 * its centre is (0.5, 0.5).
 */
export type Prompt =
  /** `label` 1: inside of the object, 0: outside. */
  | { kind: 'point'; x: number; y: number; label: 0 | 1 }
  | { kind: 'box'; x0: number; y0: number; x1: number; y1: number }
  /** A line drawn by hand; the model takes it as points along it, and as a mask prompt when it is positive. */
  | { kind: 'scribble'; points: [x: number, y: number][]; label: 0 | 1 }
  /** The mask that the same object has on `slice` when the prompt is given; the slice itself: "refine what is there". */
  | { kind: 'mask'; slice: number };

/** A prompt with its name: it can be moved and removed singly. Whoever adds it names it; unique within the session. */
export interface PromptEntry {
  id: string;
  prompt: Prompt;
}

export interface AnnotationObject {
  id: string;
  label: string;
  /** `#rrggbb` */
  colour: string;
  visible: boolean;
  /** In exported label maps, 1..65535; unique within the session. */
  value: number;
}

/** Pixels of a mask inside a box: run lengths, row-major in the box, beginning with zeros; varint (LEB128), base64. */
export interface MaskPatch {
  x: number;
  y: number;
  width: number;
  height: number;
  runs: string;
}

/** A mask as it is now. */
export type MaskUpdate =
  /** Nothing is set outside of the patch; null: nothing is set at all. */
  | { whole: true; patch: MaskPatch | null }
  /**
   * The patch replaces what is inside of its box; outside, the mask is as it was at revision `since`. A page that does
   * not hold that revision of it asks for the slice again (`viewer/slices` with `pixels: false`).
   */
  | { whole: false; since: number; patch: MaskPatch };

/** One of the masks that SAM offers for a prompt that may mean several things. */
export interface MaskCandidate {
  /** The model's own estimate of the overlap with what was meant, 0..1. */
  iou: number;
  /** Pixels. */
  area: number;
}

/** One object on one slice of the annotation plane; on a slice of another plane it has a mask and nothing else. */
export interface ObjectSlice {
  object: string;
  slice: number;
  /** Of the session, when this last changed. An older one is dropped. */
  revision: number;
  prompts: PromptEntry[];
  mask: MaskUpdate;
  /** Pixels of the mask. */
  area: number;
  /** The model's own estimate of the mask that it gave, 0..1; null where no model did. */
  iou: number | null;
  /** The model's single answer, then the three that SAM offers, best first; empty where the prompts leave no doubt. */
  candidates: MaskCandidate[];
  /** Index into `candidates`; null where there are none. */
  chosen: number | null;
  /** Where the mask comes from; `edited`: brush, eraser or a clean-up came last. */
  source: 'none' | 'model' | 'propagated' | 'edited';
}

/** Slices of the annotation plane on which an object has prompts or a mask, ascending: marks beside the slider. */
export interface SliceMarks {
  object: string;
  prompted: number[];
  masked: number[];
  /** Pixels of each of those masks. */
  areas: number[];
}

/** The session but for its slices. */
export interface SessionState {
  /** Counts every change; it keeps growing when the kernel is started again. */
  revision: number;
  /** In the order of their creation; never empty. */
  objects: AnnotationObject[];
  /** Id of the object that the next prompt is meant for. */
  active: string;
  /** What the next undo or redo would do, e.g. "point", for tooltips; null where there is nothing. */
  undo: string | null;
  redo: string | null;
  /** What answers, e.g. "phantom-sam + sunnybrook (cpu)"; null until a model has answered. */
  model: string | null;
  /** Why nothing can be changed, for people: another kernel annotates the image. null where it can. */
  readOnly: string | null;
}
