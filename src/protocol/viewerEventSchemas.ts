// Shapes of what the kernel tells viewers. They are checked where they arrive: a page must not show half a message, and a
// kernel may be of another version than the page. zod/mini, for pages are loaded with every notebook.
import * as z from 'zod/mini';
import type {
  AnnotationObject,
  MaskPatch,
  MaskUpdate,
  ObjectSlice,
  PromptEntry,
  SessionState,
  SliceMarks,
} from './annotation';
import type { ImageInfo, PlaneInfo, SlicePixels } from './image';
import type { CurveTable, RunSummary } from './training';
import type { ImageEvent, TrainingEvent, ViewerEvent, ViewerTask } from './viewer';

const finite = z.number();
const whole = z.int().check(z.nonnegative());
const count = z.int().check(z.positive());
const id = z.string();
const at = { viewId: id };

/** Of thousands of numbers, one by one would take longer than what is done with them. */
const numbers = z.custom<number[]>(
  (value) => Array.isArray(value) && value.every((one) => Number.isFinite(one)),
  'is no list of numbers',
);
const values = z.custom<(number | null)[]>(
  (value) => Array.isArray(value) && value.every((one) => one === null || Number.isFinite(one)),
  'is no list of numbers',
);
const points = z.custom<[number, number][]>(
  (value) =>
    Array.isArray(value) && value.every((one) => Array.isArray(one) && one.length === 2 && one.every(Number.isFinite)),
  'is no list of points',
);

const prompt = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('point'), x: finite, y: finite, label: z.literal([0, 1]) }),
  z.object({ kind: z.literal('box'), x0: finite, y0: finite, x1: finite, y1: finite }),
  z.object({ kind: z.literal('scribble'), points, label: z.literal([0, 1]) }),
  z.object({ kind: z.literal('mask'), slice: whole }),
]) satisfies z.ZodMiniType<PromptEntry['prompt']>;

const patch = z.object({
  x: whole,
  y: whole,
  width: count,
  height: count,
  runs: z.string(),
}) satisfies z.ZodMiniType<MaskPatch>;

const mask = z.discriminatedUnion('whole', [
  z.object({ whole: z.literal(true), patch: z.nullable(patch) }),
  z.object({ whole: z.literal(false), since: whole, patch }),
]) satisfies z.ZodMiniType<MaskUpdate>;

const objectSlice = z.object({
  object: id,
  slice: whole,
  revision: whole,
  prompts: z.array(z.object({ id, prompt })),
  mask,
  area: whole,
  iou: z.nullable(finite),
  candidates: z.array(z.object({ iou: finite, area: whole })),
  chosen: z.nullable(whole),
  source: z.enum(['none', 'model', 'propagated', 'edited']),
}) satisfies z.ZodMiniType<ObjectSlice>;

const object = z.object({
  id,
  label: z.string(),
  colour: z.string().check(z.regex(/^#[0-9a-f]{6}$/i)),
  visible: z.boolean(),
  value: count,
}) satisfies z.ZodMiniType<AnnotationObject>;

const state = z.object({
  revision: whole,
  objects: z.array(object).check(z.minLength(1)),
  active: id,
  undo: z.nullable(z.string()),
  redo: z.nullable(z.string()),
  model: z.nullable(z.string()),
  readOnly: z.nullable(z.string()),
}) satisfies z.ZodMiniType<SessionState>;

const marks = z.object({
  object: id,
  prompted: numbers,
  masked: numbers,
  areas: numbers,
}) satisfies z.ZodMiniType<SliceMarks>;

const mm = z.number().check(z.positive());
const planeName = z.enum(['axial', 'coronal', 'sagittal']);
const axis = z.literal([0, 1, 2]);
const side = z.enum(['R', 'L', 'A', 'P', 'S', 'I']);

const plane = z.object({
  plane: planeName,
  width: count,
  height: count,
  slices: count,
  axes: z.tuple([axis, axis, axis]),
  spacing: z.nullable(z.tuple([mm, mm, mm])),
  flipX: z.boolean(),
  flipY: z.boolean(),
  letters: z.nullable(z.object({ left: side, right: side, top: side, bottom: side })),
}) satisfies z.ZodMiniType<PlaneInfo>;

const image = z.object({
  path: z.string(),
  name: z.string(),
  size: z.tuple([count, count, count]),
  channels: z.literal([1, 3]),
  modality: z.nullable(z.string()),
  spacing: z.nullable(z.tuple([mm, mm, mm])),
  origin: z.tuple([finite, finite, finite]),
  direction: numbers,
  planes: z.array(plane).check(z.minLength(1)),
  range: z.tuple([finite, finite]),
  window: z.object({ low: finite, high: finite }),
  notes: z.array(z.string()),
}) satisfies z.ZodMiniType<ImageInfo>;

const pixels = z.object({
  kind: z.enum(['int16', 'uint8', 'rgb8']),
  width: count,
  height: count,
  shrink: count,
  slope: finite,
  intercept: finite,
  data: z.string(),
}) satisfies z.ZodMiniType<SlicePixels>;

const task = z.object({
  id,
  text: z.string(),
  done: z.nullable(finite),
  total: z.nullable(finite),
  cancellable: z.boolean(),
}) satisfies z.ZodMiniType<ViewerTask>;

const objects = z.array(objectSlice);
const format = z.enum(['png-labels', 'png-overlay', 'nifti', 'dicom-seg', 'coco', 'pairs']);

export const imageEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('viewer/attached'), ...at, image, state, marks: z.array(marks), slice: whole, objects }),
  z.object({
    type: z.literal('viewer/slice'),
    ...at,
    plane: planeName,
    index: whole,
    pixels: z.nullable(pixels),
    revision: whole,
    objects,
  }),
  z.object({ type: z.literal('viewer/change'), ...at, state, objects }),
  z.object({
    type: z.literal('viewer/preview'),
    ...at,
    previewId: whole,
    object: id,
    slice: whole,
    mask: z.nullable(patch),
    iou: finite,
  }),
  z.object({ type: z.literal('viewer/tasks'), ...at, tasks: z.array(task) }),
  z.object({ type: z.literal('viewer/exported'), ...at, format, files: z.array(z.string()) }),
  z.object({
    type: z.literal('viewer/error'),
    ...at,
    message: z.string(),
    request: z.optional(z.nullable(z.string())),
  }),
]) satisfies z.ZodMiniType<ImageEvent>;

const curveName = z.discriminatedUnion('quantity', [
  z.object({ quantity: z.literal('loss'), part: z.optional(z.string()) }),
  z.object({ quantity: z.literal(['learningRate', 'gradientNorm']) }),
  z.object({ quantity: z.literal(['dice', 'iou']), setting: z.string(), class: z.nullable(z.string()) }),
]);

const curveTable = z
  .object({ steps: numbers, curves: z.array(z.object({ name: curveName, values })) })
  .check(
    z.refine(({ steps, curves }) => curves.every((curve) => curve.values.length === steps.length), 'differs in length'),
  ) satisfies z.ZodMiniType<CurveTable>;

const summary = z.object({
  run: z.string(),
  name: z.string(),
  status: z.enum(['starting', 'running', 'done', 'stopped', 'failed', 'stale']),
  message: z.nullable(z.string()),
  epochs: whole,
  epoch: finite,
  loss: points,
  dice: z.record(z.string(), points),
  bestDice: z.nullable(finite),
  pace: z.optional(
    z.object({
      step: whole,
      imagesPerSecond: z.nullable(finite),
      secondsLeft: z.nullable(finite),
      secondsWorked: finite,
      device: z.nullable(z.string()),
    }),
  ),
  curves: z.optional(z.array(curveTable)),
}) satisfies z.ZodMiniType<RunSummary>;

export const runSummarySchema: z.ZodMiniType<RunSummary> = summary;

export const trainingEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('training/summary'), ...at, summary }),
  z.object({ type: z.literal('training/curves'), ...at, anew: z.boolean(), tables: z.array(curveTable) }),
  z.object({ type: z.literal('training/runs'), ...at, runs: z.array(z.object({ run: z.string(), name: z.string() })) }),
  z.object({ type: z.literal('training/error'), ...at, message: z.string() }),
]) satisfies z.ZodMiniType<TrainingEvent>;

export const viewerEventSchema: z.ZodMiniType<ViewerEvent> = z.union([imageEventSchema, trainingEventSchema]);
